package people

// What a test of codes alone looks at.
var (
	TextCode = textCode
	TextEdge = textEdge
	TimeCode = timeCode
	TimeEdge = timeEdge
)
