//go:build !unix

package worker

func closeOnExec(int) {}
