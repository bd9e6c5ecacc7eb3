package kernel

import "embed"

// embedded is what cells and the worker need of this module, for a program that runs away from its checkout.
//
//go:embed nb/*.go nb/*/*.go worker/*.go worker/*.s worker/*/*.go
var embedded embed.FS
