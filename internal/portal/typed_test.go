package portal

import "testing"

func TestTypedName(t *testing.T) {
	for _, c := range []struct {
		what, text, name string
		fits             bool
	}{
		{"as it is written", "Zoë Quay", "Zoë Quay", true},
		{"an accent that is a sign of its own", "Zoe\u0308 Quay", "Zoë Quay", true},
		{"spaces that no page shows", " Zoë Quay ", "Zoë  Quay", true},
		{"other capitals", "zoë quay", "Zoë Quay", false},
		{"without the accent", "Zoe Quay", "Zoë Quay", false},
		{"a part", "Zoë", "Zoë Quay", false},
		{"nothing", "", "Zoë Quay", false},
		{"what is no text", "Zoë Quay\x00", "Zoë Quay", false},
	} {
		t.Run("U10 "+c.what, func(t *testing.T) {
			if err := typedName(c.text, c.name); (err == nil) != c.fits {
				t.Error(err)
			}
		})
	}
}
