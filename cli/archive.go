package cli

import (
	"path"
	"strings"

	"github.com/urfave/cli/v2"
)

func (p *program) exportCommand() *cli.Command {
	return &cli.Command{
		Name: "export", Usage: "write a version to a tar archive or a directory",
		UsageText: "pfsd export ADDRESS[:/PATH] FILE.tar | DIR | -",
		Description: "Modes, times and symbolic links are kept; in an archive owners, extended attributes, fifos and devices,\n" +
			"too; in a directory, as root, owners and set-id bits. - is a tar archive on stdout.\n\n" +
			"Example: pfsd export v1.images images-v1.tar",
		Action: p.export,
	}
}

func (p *program) importCommand() *cli.Command {
	return &cli.Command{
		Name: "import", Usage: "store a tar archive or a directory in a branch, in one commit",
		UsageText: "pfsd import [-m MESSAGE] [--rename-invalid] [--json] FILE.tar | DIR | - ADDRESS[:/PATH]",
		Description: "It goes into the directory PATH, over what is there. Modes, times and links are kept, as root owners,\n" +
			"and of an archive the attributes user.*, fifos and devices. - is a tar archive on stdin. Files that are\n" +
			"there already are not sent. Prints the commit, unless nothing has changed.\n\n" +
			"An archive that changes while it is read is refused. A directory's file that changes is left out with\n" +
			"a warning, and the exit code is 1, as with pfsd put.\n\nExample: pfsd import images-v1.tar master.images:/v1",
		Flags:  []cli.Flag{messageFlag(), renameFlag(), jsonFlag()},
		Action: p.importInto,
	}
}

// isArchive reports whether an argument stands for a tar archive rather than a directory.
func isArchive(name string) bool { return name == "-" || strings.HasSuffix(name, ".tar") }

// isCompressed reports whether an argument looks like the name of a compressed archive, and so hardly means a directory.
func isCompressed(name string) bool {
	return strings.HasSuffix(name, ".tgz") || strings.HasSuffix(strings.TrimSuffix(name, path.Ext(name)), ".tar")
}
