package cli

import (
	"path/filepath"
	"slices"
	"strings"
)

// helperPrefix is what the name of the program begins with when mount(8) runs it: mount.fuse.pfsd.
const helperPrefix = "mount."

// helped returns the command that mount(8) asks for when args, with the program's name first, are how it calls its helpers:
//
//	mount.fuse.pfsd ADDRESS DIR [-sfnv] [-N NAMESPACE] [-o OPTIONS] [-t TYPE]
//
// Other args come back as they are. An empty result says that there is nothing to be done.
func helped(args []string) []string {
	if !isHelper(args) {
		return args
	}
	var operands, options []string
	for rest := args[1:]; len(rest) > 0; {
		arg := rest[0]
		rest = rest[1:]
		switch {
		case len(arg) < 2 || arg[0] != '-':
			operands = append(operands, arg)
			continue
		case arg == "-h" || arg == "--help":
			return []string{args[0], "mount", "--help"}
		case strings.Contains(arg, "f"):
			return nil // mount --fake
		}
		if value := arg[len(arg)-1]; strings.IndexByte("oNt", value) >= 0 && len(rest) > 0 {
			if value == 'o' {
				options = append(options, strings.Split(rest[0], ",")...)
			}
			rest = rest[1:]
		}
	}
	return helperCommand(args[0], operands, options)
}

// isHelper reports whether args are how mount(8) calls its helpers, or what helped has made of that.
func isHelper(args []string) bool {
	return len(args) > 0 && strings.HasPrefix(filepath.Base(args[0]), helperPrefix)
}

// helperFlags are the options that stand for flags of the command.
var helperFlags = []string{"data", "memory", "log", "log-file", "create", flagNoMake, "commit", "commit-interval"}

// assumed returns options with those that mount(8) takes for granted and does not pass on: where it does not say nosuid or nodev, it
// means suid and dev, as for all file systems.
func assumed(options []string) []string {
	for _, option := range []string{"suid", "dev"} {
		if !slices.Contains(options, "no"+option) {
			options = append(options, option)
		}
	}
	return options
}

func helperCommand(name string, operands, options []string) []string {
	flags, kept := []string{name, "mount", "--detach"}, []string{}
	for _, option := range options {
		key, _, _ := strings.Cut(option, "=")
		switch {
		case slices.Contains(helperFlags, key):
			flags = append(flags, "--"+option)
		case option == "all":
			flags = append(flags, "--all")
			operands = operands[min(1, len(operands)):] // What would be the address is only a name then.
		default:
			kept = append(kept, option)
		}
	}
	if !slices.Contains(kept, "remount") {
		kept = assumed(kept)
	}
	if len(kept) > 0 {
		flags = append(flags, "-o", strings.Join(kept, ","))
	}
	return append(append(flags, "--"), operands...)
}
