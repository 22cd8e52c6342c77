package main

import (
	"testing"

	"countersign/bench/compare"
)

// TestEqual asks each about a small world, and compares its answers with the rules'.
func TestEqual(t *testing.T) {
	for _, p := range services() {
		t.Run(p.Names[0], func(t *testing.T) {
			if err := p.Check(1_000); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestActions holds that no two actions become one relation.
func TestActions(t *testing.T) {
	p := compare.PlainWorld{Roles: []compare.PlainRole{{Key: "a", Actions: []string{"x:y", "x:z"}}, {Key: "b", Actions: []string{"x:y"}}}}
	got := actions(p)
	if len(got) != 2 || got[0].relation != "x_y" || len(got[0].roles) != 2 || got[1].relation != "x_z" || len(got[1].roles) != 1 {
		t.Errorf("%+v", got)
	}
}
