package main_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// mayImport lists, for every package of this module, which of the others it may import outside its tests. Imports go
// down only; leaves import none, and what stands for the server shares no code with what speaks to it.
func mayImport() map[string][]string {
	return map[string][]string{
		".":         {"cli"},
		"api":       {},
		"mongo":     {},
		"snapshot":  {},
		"storage":   {},
		"simulator": {},
		"secrets":   {},
		"monitor":   {},
		"export":    {"api", "mongo", "snapshot"},
		"restore":   {"api", "mongo", "snapshot"},
		"routes":    {"api"},
		"terraform": {"snapshot"},
	}
}

const module = "pritunl-backup"

func TestImportsGoDownOnly(t *testing.T) {
	allowed := mayImport()
	seen := 0
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() && (name == "integration" || name == "testdata" || strings.HasPrefix(name, ".") && name != ".") {
			return filepath.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		dir := filepath.ToSlash(filepath.Dir(path))
		room, _, _ := strings.Cut(dir, "/")
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			target, inside := strings.CutPrefix(imported, module+"/")
			other, _, _ := strings.Cut(target, "/")
			if !inside || other == room || room == "cli" {
				continue
			}
			seen++
			if !slices.Contains(allowed[room], other) {
				t.Errorf("%s imports %s, which %s may not", path, imported, room)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen == 0 {
		t.Error("found no import between packages: the test looks in the wrong place")
	}
}
