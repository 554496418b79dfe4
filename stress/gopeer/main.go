// Command peer edits files through Go's own cmd/go/internal/lockedfile, so that ours can be timed beside it and can
// contend with it.
//
// The package is internal to the go command. The builder lays this file over Go's source tree with
// `go build -overlay`, which puts it where it may be imported from, and changes nothing in the tree.
//
//	peer time same|append PATH N    N edits; prints {"edits":N,"ns_per_edit":T}
//	peer count PATH N [wait]        raise the decimal counter in PATH, N times; prints "done"
//	peer version                    prints the version of Go this was built with
//
// With "wait", count prints "ready" first and begins when a line comes on standard input.
package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"

	"cmd/go/internal/lockedfile"
)

const (
	usage = "usage: peer time same|append PATH N | peer count PATH N [wait] | peer version"

	// As long as a line of a go.sum; stress/bench/transforms.py appends the same.
	line = "example.com/appended v1.0.0 h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"

	// One edit in so many is made before the clock starts.
	warmUp = 20
)

var errUsage = errors.New(usage)

type transform = func(old []byte) ([]byte, error)

func main() {
	err := run(os.Args[1:])
	if err == nil {
		return
	}
	fmt.Fprintf(os.Stderr, "peer: %v\n", err)
	if errors.Is(err, errUsage) {
		os.Exit(2)
	}
	os.Exit(1)
}

func run(args []string) error {
	switch {
	case len(args) == 4 && args[0] == "time":
		n, err := times(args[3])
		if err != nil {
			return err
		}
		return timed(args[1], args[2], n)
	case len(args) == 3 && args[0] == "count", len(args) == 4 && args[0] == "count" && args[3] == "wait":
		n, err := times(args[2])
		if err != nil {
			return err
		}
		return count(args[1], n, len(args) == 4)
	case len(args) == 1 && args[0] == "version":
		fmt.Println(runtime.Version())
		return nil
	}
	return errUsage
}

// times is the N of the usage line.
func times(arg string) (int, error) {
	n, err := strconv.Atoi(arg)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("N is %q, not a number of at least 1; %w", arg, errUsage)
	}
	return n, nil
}

func timed(kind, path string, n int) error {
	var t transform
	switch kind {
	case "same":
		var err error
		if t, err = swap(path); err != nil {
			return err
		}
	case "append":
		t = func(old []byte) ([]byte, error) {
			return append(old[:len(old):len(old)], line...), nil
		}
	default:
		return fmt.Errorf("an edit is same or append, not %q; %w", kind, errUsage)
	}
	if err := repeat(path, t, n/warmUp+1); err != nil {
		return err
	}
	start := time.Now()
	if err := repeat(path, t, n); err != nil {
		return err
	}
	ns := float64(time.Since(start).Nanoseconds()) / float64(n)
	fmt.Printf("{\"edits\":%d,\"ns_per_edit\":%.1f}\n", n, ns)
	return nil
}

// swap turns the content that path has now into a copy with one byte flipped in its middle, and back. Both are made
// beforehand, so that the time is that of the edit and not of the transform.
func swap(path string) (transform, error) {
	one, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if len(one) == 0 {
		return nil, fmt.Errorf("%s is empty: a same-size edit needs a byte to flip", path)
	}
	other := bytes.Clone(one)
	other[len(other)/2] ^= 1
	return func(old []byte) ([]byte, error) {
		if bytes.Equal(old, one) {
			return other, nil
		}
		return one, nil
	}, nil
}

func repeat(path string, t transform, n int) error {
	for range n {
		if err := lockedfile.Transform(path, t); err != nil {
			return err
		}
	}
	return nil
}

func count(path string, n int, wait bool) error {
	if wait {
		fmt.Println("ready")
		if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
			return fmt.Errorf("waiting for a line on standard input: %w", err)
		}
	}
	if err := repeat(path, raise, n); err != nil {
		return err
	}
	fmt.Println("done")
	return nil
}

// raise keeps leading zeros, so that a counter can be given a fixed width.
func raise(old []byte) ([]byte, error) {
	digits := bytes.TrimSpace(old)
	value, err := strconv.ParseUint(string(digits), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("the counter is not a decimal number: %.40q", digits)
	}
	return fmt.Appendf(nil, "%0*d\n", len(digits), value+1), nil
}
