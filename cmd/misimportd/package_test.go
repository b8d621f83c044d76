package main

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// packed is what nfpm is told of the Debian package, as far as it matters here.
type packed struct {
	Scripts  map[string]string
	Contents []struct {
		Src, Dst, Type string
		FileInfo       struct{ Mode uint32 } `yaml:"file_info"`
	}
}

func readPacked(t *testing.T) (p packed) {
	t.Helper()
	readYAML(t, &p, "deploy", "debian", "nfpm.yaml")
	return p
}

func readYAML(t *testing.T, into any, names ...string) {
	t.Helper()
	text, err := os.ReadFile(fromTop(names...))
	if err == nil {
		err = yaml.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func fromTop(names ...string) string { return filepath.Join(append([]string{"..", ".."}, names...)...) }

// installed is the paths of what the package installs, each with what it is made of: one for each
// file that a pattern finds.
func (p packed) installed(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, c := range p.Contents {
		found, err := filepath.Glob(fromTop(c.Src))
		switch {
		case err != nil:
			t.Fatal(err)
		case c.Type == "symlink", strings.HasPrefix(c.Src, "bin/"): // made when the package is
			files[c.Dst] = c.Src
		case len(found) == 0:
			t.Errorf("the package is to hold %s, which is not there", c.Src)
		case strings.HasSuffix(c.Dst, "/"):
			for _, file := range found {
				files[c.Dst+filepath.Base(file)] = file
			}
		default:
			files[c.Dst] = found[0]
		}
	}
	return files
}

// TestThePackageHoldsWhatIsInstalled with the program: all that stands in deploy, and where it belongs.
func TestThePackageHoldsWhatIsInstalled(t *testing.T) {
	t.Parallel()
	p := readPacked(t)
	files := p.installed(t)
	for _, want := range []string{
		"/usr/bin/misimportd", "/usr/bin/misimport", "/etc/misimportd/config.yml",
		"/usr/lib/systemd/system/misimportd.service", "/usr/lib/systemd/system/misimportd-run.service",
		"/usr/lib/systemd/system/misimportd-run.timer", "/usr/lib/sysusers.d/misimportd.conf",
		"/usr/share/man/man1/misimportd.1.gz", "/usr/share/man/man5/misimportd.yml.5.gz",
		"/usr/share/man/man7/misimportd.7.gz", "/usr/share/bash-completion/completions/misimportd",
		"/usr/share/zsh/vendor-completions/_misimportd", "/usr/share/fish/vendor_completions.d/misimportd.fish",
		"/usr/share/misimportd/prometheus/misimportd.rules.yml", "/usr/share/misimportd/grafana/misimportd.json",
		"/usr/share/doc/misimportd/copyright",
	} {
		if files[want] == "" {
			t.Errorf("the package does not install %s", want)
		}
	}
	for _, file := range deployed(t) {
		if !slices.Contains(slices.Collect(maps.Values(files)), file) {
			t.Errorf("%s is in no package: deploy/debian/nfpm.yaml says what is", file)
		}
	}
}

// TestThePackagesFilesAreTheSameForAll who make it: modes are written out, /etc holds conffiles, and links
// lead to files.
func TestThePackagesFilesAreTheSameForAll(t *testing.T) {
	t.Parallel()
	p := readPacked(t)
	files := p.installed(t)
	for _, c := range p.Contents {
		if c.Type != "symlink" && c.FileInfo.Mode == 0 {
			t.Errorf("%s has the mode that it has in the checkout, which is not everybody's", c.Dst)
		}
		if (c.Type == "config") != strings.HasPrefix(c.Dst, "/etc/") {
			t.Errorf("%s: what is in /etc, and nothing else, is a conffile", c.Dst)
		}
		if to := path.Join(path.Dir(c.Dst), c.Src); c.Type == "symlink" && files[to] == "" {
			t.Errorf("%s leads to %s, which is not installed", c.Dst, to)
		}
	}
}

// deployed is the files in deploy, but for what makes the package and what the manual is made of.
func deployed(t *testing.T) (files []string) {
	t.Helper()
	err := filepath.WalkDir(fromTop("deploy"), func(file string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && file == fromTop("deploy", "debian") {
			return fs.SkipDir
		}
		if err == nil && !d.IsDir() && !slices.Contains([]string{".md", ".go"}, filepath.Ext(file)) {
			files = append(files, file)
		}
		return err
	})
	if err != nil || len(files) == 0 {
		t.Fatalf("%v; %d files in deploy", err, len(files))
	}
	return files
}

// namedPaths are what a file says of files that are installed with the program.
var namedPaths = regexp.MustCompile(`/usr/(?:local/)?(?:bin|share)/[\w./-]*misimport[\w./-]*\w`)

// TestWhatIsInstalledFindsTheRest where the package puts it: units the program, alerts the runbook,
// Grafana the dashboard.
func TestWhatIsInstalledFindsTheRest(t *testing.T) {
	t.Parallel()
	files := readPacked(t).installed(t)
	isThere := map[string]bool{}
	for name := range files {
		isThere[name], isThere[path.Dir(name)] = true, true
	}
	named := 0
	for name, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it is made when the package is
		}
		for _, said := range namedPaths.FindAllString(string(text), -1) {
			if named++; !isThere[said] {
				t.Errorf("%s speaks of %s, which the package does not install", name, said)
			}
		}
	}
	if named < 10 {
		t.Errorf("no more than %d paths were looked at", named)
	}
}

// TestGrafanaFindsTheDashboard in the folder that the provisioning file names.
func TestGrafanaFindsTheDashboard(t *testing.T) {
	t.Parallel()
	var said struct {
		APIVersion int `yaml:"apiVersion"`
		Providers  []struct {
			Name, Type string
			Options    struct{ Path string }
		}
	}
	readYAML(t, &said, "deploy", "grafana", "provisioning.yml")
	if said.APIVersion != 1 || len(said.Providers) != 1 || said.Providers[0].Type != "file" {
		t.Fatalf("not a provider of dashboards in files: %+v", said)
	}
	board := path.Join(said.Providers[0].Options.Path, "misimportd.json")
	if files := readPacked(t).installed(t); files[board] == "" {
		t.Errorf("the package does not install %s", board)
	}
}

// TestThePackagesScripts are shell that Debian's sh can read.
func TestThePackagesScripts(t *testing.T) {
	t.Parallel()
	p := readPacked(t)
	for _, when := range []string{"preinstall", "postinstall", "preremove", "postremove"} {
		if out, err := exec.Command("sh", "-n", fromTop(p.Scripts[when])).CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", when, err, out)
		}
	}
}

// TestVersionsGoUp with each commit, and across tags, as Debian sorts them.
func TestVersionsGoUp(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	script, err := os.ReadFile(fromTop(".ci", "version"))
	if err == nil {
		err = errors.Join(os.Mkdir(filepath.Join(folder, ".ci"), 0o700),
			os.WriteFile(filepath.Join(folder, ".ci", "version"), script, 0o700))
	}
	if err != nil {
		t.Fatal(err)
	}
	in := func(name string, args ...string) string {
		run := exec.Command(name, args...)
		run.Dir = folder
		run.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
		out, err := run.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %v: %v\n%s", name, args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	git := func(args ...string) {
		in("git", append([]string{"-c", "user.name=x", "-c", "user.email=x@example.com"}, args...)...)
	}
	git("init", "-q")
	git("add", ".")
	before := "0"
	for i, tag := range []string{"", "", "", "v0.9.0-rc1", "", "v0.9.0", "", "v0.10.0"} {
		git("commit", "-q", "--allow-empty", "-m", "x")
		if tag != "" {
			git("tag", "-a", "-m", tag, tag)
		}
		version := in(".ci/version")
		in("dpkg", "--validate-version", version)
		if exec.Command("dpkg", "--compare-versions", before, "lt", version).Run() != nil {
			t.Errorf("commit %d, tag %q: %s comes after %s", i, tag, version, before)
		}
		before = version
	}
	if before != "0.10.0" {
		t.Errorf("the version of the tag v0.10.0 is %q", before)
	}
}

// TestASingleSchoolsProgram has nothing in it that only many schools need, and hands over to the program that has.
func TestASingleSchoolsProgram(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-tags", "single", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, stranger := range []string{"github.com/riverqueue/river", "github.com/jackc/pgx/v5",
		"riverqueue.com/riverui"} {
		if slices.Contains(strings.Fields(string(out)), stranger) {
			t.Errorf("a single school's program has %s in it", stranger)
		}
	}
	folder := t.TempDir()
	single := filepath.Join(folder, "misimportd")
	if out, err := exec.Command("go", "build", "-tags", "single", "-o", single, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	run := func() (string, int) {
		cmd := exec.Command(single, "fleet", "list", "--where", "held")
		cmd.Env = append(os.Environ(), "PATH="+folder)
		out, _ := cmd.CombinedOutput()
		return string(out), cmd.ProcessState.ExitCode()
	}
	if said, status := run(); status != 2 || !strings.Contains(said, "install the package misimportd-fleet") {
		t.Errorf("status %d: %s", status, said)
	}
	script := "#!/bin/sh\necho \"$@\"\nexit 7\n"
	write := exec.Command("install", "-m", "700", "/dev/stdin", filepath.Join(folder, "misimportd-fleet"))
	write.Stdin = strings.NewReader(script)
	if out, err := write.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if said, status := run(); status != 7 || said != "fleet list --where held\n" {
		t.Errorf("status %d: %s", status, said)
	}
}
