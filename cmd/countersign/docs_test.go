package main

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"countersign/internal/profile"
)

// TestWalk holds that the words which the walk through the demo quotes stand on the pages, and that its addresses exist.
func TestWalk(t *testing.T) {
	text, err := os.ReadFile("../../docs/demo.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../../internal/lang/messages/*.en.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no messages", err)
	}
	var said []string
	for _, file := range files {
		words, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var pairs map[string]string
		if err := yaml.Unmarshal(words, &pairs); err != nil {
			t.Fatal(err)
		}
		said = slices.AppendSeq(said, maps.Values(pairs))
	}
	profiles, err := profile.Load()
	if err != nil {
		t.Fatal(err)
	}
	standard, _ := profiles.Get(profile.Standard)
	for _, r := range standard.Roles {
		said = append(said, r.Name("en"))
	}
	quotes := regexp.MustCompile(`(?:^|[^*])\*([^*]+)\*(?:[^*]|$)`).FindAllStringSubmatch(strings.ReplaceAll(string(text), "\n", " "), -1)
	if len(quotes) < 25 {
		t.Errorf("only %d words are quoted", len(quotes))
	}
	for _, q := range quotes {
		if !slices.Contains(said, strings.Join(strings.Fields(q[1]), " ")) && q[1] != "italics" {
			t.Errorf("no page says %q", q[1])
		}
	}
	routes, err := os.ReadFile("testdata/routes.txt")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "/a/400310/users") || !strings.Contains(string(routes), "/a/{customer}/users ") {
		t.Error("the address that is to be typed is gone")
	}
}
