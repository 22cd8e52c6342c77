package org

import (
	"strings"

	"countersign/internal/access"
)

const digits = "0123456789abcdefghijklmnopqrstuv"

// part is one step of a path: a child's number in base 32, as wide as every
// other, so that paths sort as the tree does.
func part(child int64) string {
	var b [access.PathPart]byte
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = digits[child&31]
		child >>= 5
	}
	return string(b[:])
}

// Below is the range of paths of an entity and all below it: from <= path < until.
func Below(path string) (from, until string) { return path, path + "~" }

// PathsTo is the paths of the entities above one, from the root down to itself.
func PathsTo(path string) []string {
	var out []string
	for n := access.PathPart; n <= len(path); n += access.PathPart {
		out = append(out, path[:n])
	}
	return out
}

// AtOrBelow tells whether a path is that of an entity, or of one below it.
func AtOrBelow(entity, path string) bool { return strings.HasPrefix(path, entity) }
