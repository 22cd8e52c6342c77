package profile_test

import (
	"testing"

	"countersign/internal/profile"
)

func TestLoad(t *testing.T) {
	ps, err := profile.Load()
	if err != nil {
		t.Fatal(err)
	}
	p, ok := ps.Get(profile.Standard)
	if !ok || len(p.Roles) != 13 {
		t.Fatalf("standard: %v %+v", ok, p)
	}
}
