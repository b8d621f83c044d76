package config

import (
	"fmt"
	"maps"
	"net"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

// hostName is a name or an address as it stands in a Host header, without a port.
var hostName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$`)

// settlePages settles who may log in to the pages, and by which names they are asked for.
func (s *Settings) settlePages(c file) (faults []string) {
	s.Operators = c.Operators
	for _, name := range slices.Sorted(maps.Keys(c.Operators)) {
		if strings.TrimSpace(name) != name || name == "" || len(name) > 64 || strings.ContainsAny(name, ":\x00\n") {
			faults = append(faults, fmt.Sprintf("operators: %q is no name to log in with: write at most 64 letters, "+
				"without a colon", name))
		}
		if _, err := bcrypt.Cost([]byte(c.Operators[name])); err != nil {
			faults = append(faults, fmt.Sprintf("operators: what stands for %s is no bcrypt hash: \"htpasswd -nBC 12 "+
				"%s\" makes one", name, name))
		}
	}
	for _, host := range c.Hosts {
		if !hostName.MatchString(host) && net.ParseIP(host) == nil {
			faults = append(faults, fmt.Sprintf("hosts: %q is no name of a machine: write it as "+
				"misimportd.school.example, without https:// and without a port", host))
		}
		s.Hosts = append(s.Hosts, strings.ToLower(host))
	}
	return faults
}
