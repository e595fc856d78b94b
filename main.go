// Command pfsd is a versioned, content-addressed file store with an S3 endpoint and a FUSE mount. See README.md.
package main

import (
	"os"

	"pfsd/cli"
)

func main() {
	os.Exit(cli.Run(os.Args, os.Stdin, os.Stdout, os.Stderr))
}
