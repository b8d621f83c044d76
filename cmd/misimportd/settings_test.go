package main

import (
	"strings"
	"testing"
)

// TestSettingsThatCannotBe has each told with its place, and status 2.
func TestSettingsThatCannotBe(t *testing.T) {
	misimportd := program(t)
	const school = "isams: {url: 'https://school.example', requests: [{key_file: isams.key}], "
	const local = "isams: {url: 'http://127.0.0.1:1', requests: [{key_file: isams.key}], "
	for settings, want := range map[string]string{
		"isams: {url: 'http://school.example', requests: [{key_file: isams.key}]}": "would send children's data and " +
			"the key in the clear: use https://, or set insecure_http",
		"isams: {url: 'http://127.0.0.1:1/" + testKey +
			"', requests: [{key_file: isams.key}]}": "with nothing after it, and hold no key",
		"isams: {url: 'https://school.example', requests: [" + testKey +
			"]}": "line 1: expected keys and values",
		"isams: {url: 'ftp://school.example', requests: [{key_file: isams.key}]}": "url has to begin " +
			"with https://",
		"isams: {url: 'https://school.example/?apiKey=x', requests: [{key_file: isams.key}]}": "url has to be like " +
			"https://school.isams.cloud, with nothing after it, and hold no key",
		"isams: {url: 'https://school.example'}": "requests names no key",
		"isams: {url: 'https://school.example', requests: [{}]}": "request 1: key_file is " +
			"missing: name the file that holds it",
		"isams: {url: 'https://school.example', requests: [{key_file: none.key}]}": "request 1: key_file: there is " +
			"no file ",
		"isams: {url: 'https://school.example', requests: [{key_file: " + testKey +
			"}]}": "it has to be the name of a file that holds the secret, not the secret",
		"isams: {url: 'https://school.example', requests: [{key_env: " + testKey +
			"}]}": "the environment variable that key_env names is not set",
		"isams: {url: 'https://school.example', requests: [{" + testKey +
			": x}]}": `unknown key "[secret]"`,
		local + "proxy: 'http://proxy.example'}": "in the clear",
		school + "stall: 0d}":                    `stall: "0d" is not a duration`,
		"retention: 999999d":                     `retention: "999999d" is not a duration`,
		"isams: {url: 'https://school.example', requests: [{key: secret}]}": `line 1: unknown key "key"`,
		school + "stall: soon}":    `isams: stall: "soon" is not a duration: write it as 30s, 20m, 12h or 30d`,
		school + "max_size: huge}": `isams: max_size: "huge" is not a size: write it as 512MiB or 1GiB`,
		"isams: {url: 'https://school.example', oauth: {client_id: x, client_secret_file: isams.key}, requests: " +
			"[{key_file: isams.key}]}": "request 1 has a key, and there is oauth: use one of the two",
		"isams: {url: 'https://school.example', oauth: {client_secret_file: isams.key}}": "oauth: client_id is missing",
		school + "ca_file: isams.key}": "holds no certificate in PEM form",
		school + "proxy: '%'}":         "proxy has to be like http://proxy.school.example:3128",
		"retention: a while":           `retention: "a while" is not a duration`,
	} {
		s := newStation(t, misimportd)
		s.write("config.yml", "state: .\n")
		text := settings
		s.write("config.yml", text+"\n")
		said, status := s.run("check-config", "--state", s.state)
		if status != 2 || !strings.Contains(said, want) {
			t.Errorf("%s\nstatus %d: %s", settings, status, said)
		}
		s.noSecretsBut("config.yml")
	}
}
