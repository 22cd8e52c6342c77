package server

// Leaks is for the test of the search itself.
var Leaks = leaks
