package lang

// Known is the text of a key without places, or something else where there is none.
func Known(tag Tag, key, otherwise string) string {
	if Has(key) {
		return T(tag, key)
	}
	return otherwise
}

// Section is the name of a section of the portal, or of a resource type that the
// platform registered; its key when it has none.
func Section(tag Tag, key string) string { return Known(tag, "section."+key, key) }

// Permission is what a permission lets one do, in the same words at every door;
// its own name when there are none.
func Permission(tag Tag, name string) string { return Known(tag, "permission."+name, name) }

// PermissionNamed is the same with the name, by which services know it and by which
// it is acknowledged.
func PermissionNamed(tag Tag, name string) string {
	if words := Permission(tag, name); words != name {
		return words + " (" + name + ")"
	}
	return name
}
