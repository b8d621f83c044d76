package main

import (
	"path/filepath"
	"testing"
)

// TestCommandsOfGoRun are called so where that works, and only there.
func TestCommandsOfGoRun(t *testing.T) {
	const hash = "d3e18437e6eae0ece98b53406e0fc5e78f79572af22f8d1ba8a125abbefcc741"
	for path, want := range map[string]bool{
		"/tmp/go-build3334762524/b001/exe/misimportd":        true,
		"/root/.cache/go-build/d3/" + hash + "-d/misimportd": true,
		"/root/go-build/misimportd":                          false,
		"/usr/bin/misimportd":                                false,
		"/home/me/go-build1/misimportd":                      false,
		"/tmp/go-build12/b001/misimportd.test":               false,
	} {
		if got := isGoRun(path); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
	if !isSource(filepath.Join("..", "..")) || isSource(t.TempDir()) {
		t.Error("which folder is the program's source?")
	}
}
