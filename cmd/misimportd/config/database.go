package config

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"misimportd/era/hint"
)

// settlePassword puts the database's password into its URL, from where it is kept.
func (s *Settings) settlePassword(c file) []string {
	u, err := url.Parse(c.Database)
	if err != nil || u.Host == "" && u.Query().Get("host") == "" || u.User.Username() == "" {
		return []string{"database_password_file: database has to be a URL with a user, as in postgres://USER@HOST/NAME"}
	}
	if _, has := u.User.Password(); has {
		return []string{"database_password_file: database has a password already: use one of the two"}
	}
	password, err := c.secrets.read("password", c.DatabasePasswordFile, "")
	if err != nil {
		return []string{strings.Replace(err.Error(), "database: password_file", "database_password_file", 1)}
	}
	if password != "" {
		u.User = url.UserPassword(u.User.Username(), password)
		s.Database = u.String()
	}
	return nil
}

// passwordWarning tells of a file that others can read, with the database's password in it.
func passwordWarning(source, database string) []string {
	info, err := os.Stat(source)
	u, parsed := url.Parse(database)
	if err != nil || parsed != nil || info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	if _, has := u.User.Password(); !has && !u.Query().Has("password") {
		return nil
	}
	return []string{fmt.Sprintf("others on this machine can read %s, which holds the database's password: chmod 600 %s",
		source, hint.Quote(source))}
}

// SQLiteIn is the database of a state folder, unless another is configured.
func SQLiteIn(state string) string { return "sqlite:" + filepath.Join(state, "misimportd.db") }
