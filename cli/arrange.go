package cli

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// arrange puts args into the order that the parser of flags needs: global flags, the command's names, its flags, then its
// arguments. People write flags wherever they like: `pfsd ls images --json --data /srv/pfsd`.
func arrange(app *cli.App, args []string) []string {
	if len(args) == 0 {
		return []string{app.Name}
	}
	if len(args) > 2 && args[1] == "help" {
		// The parser's own help command does not tell of the commands below one, nor what is wrong as all else does.
		args = slices.Delete(slices.Clone(args), 1, 2)
		if findCommand(app.Commands, args[1]) != nil {
			args = append(args, "--help")
		}
	}
	var (
		globals, names, flags, operands []string
		commands                        = app.Commands
		own                             []cli.Flag
	)
	for rest := args[1:]; len(rest) > 0; {
		arg := rest[0]
		rest = rest[1:]
		if arg == "--" {
			operands = append(operands, rest...)
			break
		}
		if len(arg) < 2 || arg[0] != '-' {
			if sub := findCommand(commands, arg); sub != nil && len(operands) == 0 {
				names, commands, own = append(names, arg), sub.Subcommands, sub.Flags
			} else {
				operands = append(operands, arg)
			}
			continue
		}
		if short := findFlag(own, arg[:2]); findFlag(own, arg) == nil && arg[1] != '-' && takesValue(short) {
			// "-n5" is "-n 5".
			arg, rest = arg[:2], append([]string{arg[2:]}, rest...)
		}
		list, flag := &flags, findFlag(own, arg)
		if flag == nil {
			if flag = findFlag(app.Flags, arg); flag != nil {
				list = &globals
			}
		}
		*list = append(*list, arg)
		if takesValue(flag) && !strings.Contains(arg, "=") && len(rest) > 0 {
			*list = append(*list, rest[0])
			rest = rest[1:]
		}
	}
	if len(operands) > 0 {
		operands = append([]string{"--"}, operands...)
	}
	return slices.Concat(args[:1], globals, names, flags, operands)
}

func findCommand(commands []*cli.Command, name string) *cli.Command {
	i := slices.IndexFunc(commands, func(c *cli.Command) bool { return c.HasName(name) })
	if i < 0 {
		return nil
	}
	return commands[i]
}

// findFlag returns the flag that arg, as "--name=value" or "-n", sets; nil when there is none.
func findFlag(flags []cli.Flag, arg string) cli.Flag {
	name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
	i := slices.IndexFunc(flags, func(f cli.Flag) bool { return slices.Contains(f.Names(), name) })
	if i < 0 {
		return nil
	}
	return flags[i]
}

// takesValue reports whether the flag's value is an argument of its own.
func takesValue(flag cli.Flag) bool {
	f, ok := flag.(cli.DocGenerationFlag)
	return ok && f.TakesValue()
}
