// Command nuclab is a Go notebook environment for nuclear burning and its neural emulators.
package main

func main() {}
