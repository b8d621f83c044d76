package config

import (
	"fmt"
	"net/url"
	"os"
	"reflect"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Effective is one setting that is in force, as people may see it: secrets are dots.
type Effective struct{ Key, Value, From string }

// dots stand for a secret.
const dots = "••••••"

// secretKeys are the last parts of keys whose values nobody is to see; those that end in _file name a file.
var secretKeys = regexp.MustCompile(`(^|_)(password|secret|token|key|hash)$`)

// leaf is a value of the configuration file.
type leaf struct {
	key, value string
	line       int
}

// leaves are the values of a YAML document, with their whole keys and their places.
func leaves(key string, node *yaml.Node) (list []leaf) {
	switch node.Kind {
	case yaml.DocumentNode:
		for _, of := range node.Content {
			list = append(list, leaves(key, of)...)
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			list = append(list, leaves(strings.TrimPrefix(key+"."+node.Content[i].Value, "."), node.Content[i+1])...)
		}
	case yaml.SequenceNode:
		for i, of := range node.Content {
			list = append(list, leaves(fmt.Sprintf("%s[%d]", key, i+1), of)...)
		}
	case yaml.AliasNode:
		list = append(list, leaves(key, node.Alias)...)
	case yaml.ScalarNode:
		list = append(list, leaf{key, node.Value, node.Line})
	}
	return list
}

// Effective lists the settings that are in force and where each is from: the command line or the environment, a line
// of the file, or nowhere, which is the default.
func (s Settings) Effective() (list []Effective) {
	named := map[string]bool{}
	for _, of := range []struct{ key, given, variable string }{{"database", s.given.Database, "DATABASE"},
		{"state", s.given.State, "STATE"}, {"timezone", s.given.Timezone, "TIMEZONE"},
		{"years", strings.Join(s.given.Years, ", "), "YEARS"}} {
		if of.given == "" {
			continue
		}
		named[of.key] = true
		from := "the command line"
		if os.Getenv("MISIMPORTD_"+of.variable) == of.given {
			from = "the environment, MISIMPORTD_" + of.variable
		}
		list = append(list, Effective{of.key, shownValue(of.key, of.given), from})
	}
	for _, l := range s.leaves {
		top, _, _ := strings.Cut(strings.SplitN(l.key, "[", 2)[0], ".")
		if named[top] && (top == l.key || top == "years") {
			continue
		}
		list = append(list, Effective{l.key, shownValue(l.key, l.value), fmt.Sprintf("%s, line %d", s.Source, l.line)})
	}
	for _, l := range s.leaves {
		named[strings.FieldsFunc(l.key, func(r rune) bool { return r == '.' || r == '[' })[0]] = true
	}
	return append(list, s.defaults(named)...)
}

// withoutIt is what holds where sections are not given.
var withoutIt = map[string]string{"guard": "each limit as the manual tells (guard)", "years": "all",
	"isams": "nothing is fetched: documents are put into PreFetched by hand", "operators": "nobody may log in",
	"messages": "nobody is told anything", "hosts": "addresses, localhost and the machine's own name",
	"cover": "visible, enabled", "web_config_file": "no TLS, no passwords"}

// defaults are the settings that nobody has given.
func (s Settings) defaults(named map[string]bool) (list []Effective) {
	of := map[string]string{"database": s.Database, "state": s.State, "timezone": s.Zone.String(),
		"academic_year_starts": fmt.Sprintf("%02d-%02d", s.AcademicYearStarts.Month, s.AcademicYearStarts.Day),
		"retention":            "30d", "schedule": "0 3 * * *", "give_up": "07:00", "listen": s.Listen,
		"auto_roll": "false", "next_era": "warn"}
	t := reflect.TypeFor[file]()
	for i := range t.NumField() {
		key := t.Field(i).Tag.Get("yaml")
		if key != "" && !named[key] {
			value, known := of[key]
			if !known {
				value = withoutIt[key]
				if value == "" {
					value = "nothing"
				}
			}
			list = append(list, Effective{key, shownValue(key, value), "the default"})
		}
	}
	return list
}

// shownValue is a value without what is secret in it.
func shownValue(key, value string) string {
	last := key[strings.LastIndexAny(key, ".[")+1:]
	isWebhook := strings.HasPrefix(key, "messages.webhooks") && last == "url"
	if secretKeys.MatchString(last) || strings.HasPrefix(key, "operators.") || isWebhook {
		return dots
	}
	if before, host, has := strings.Cut(value, "@"); has && last == "proxy" { // a password, or a token
		scheme, _, _ := strings.Cut(before, "://")
		if scheme == before {
			return dots + "@" + host
		}
		return scheme + "://" + dots + "@" + host
	}
	if u, err := url.Parse(value); err == nil && u.Host+u.Path != "" && strings.Contains(value, "://") {
		if _, has := u.User.Password(); has {
			u.User = url.UserPassword(u.User.Username(), "x")
			value = strings.Replace(u.String(), ":x@", ":"+dots+"@", 1)
		}
		if u.Query().Has("password") || u.Query().Has("sslpassword") {
			value, _, _ = strings.Cut(value, "?")
			value += "?" + dots
		}
		return value
	} else if err != nil && strings.Contains(value, "://") {
		return dots
	}
	return value
}
