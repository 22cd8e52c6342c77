package lang

// Section is the name of a section of the portal, or of a resource type that the
// platform registered; its key when it has none.
func Section(tag Tag, key string) string { return named(tag, "section."+key, key) }

// Permission is what a permission lets one do, in the same words at every door;
// its own name when there are none.
func Permission(tag Tag, name string) string { return named(tag, "permission."+name, name) }

func named(tag Tag, key, otherwise string) string {
	if Has(key) {
		return T(tag, key)
	}
	return otherwise
}
