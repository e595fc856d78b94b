package cli

import (
	"context"
	"time"

	"github.com/urfave/cli/v2"

	"pfsd/cli/internal/door"
	"pfsd/cli/internal/endpoint"
	"pfsd/cli/internal/hosting"
)

// defaultS3 is where the S3 door is unless it is told otherwise.
const defaultS3 = "127.0.0.1:9000"

func (p *program) s3Command() *cli.Command {
	return &cli.Command{
		Name: "s3", Usage: "serve every branch as an S3 bucket BRANCH.REPO, until Ctrl-C",
		UsageText: "pfsd s3 [--addr HOST:PORT] [--access-key KEY --secret-key SECRET]",
		Description: "Prints a line that begins with \"ready\" when it serves. Without keys it listens on this machine's\n" +
			"own addresses only and takes any signature or none; with them every request must be signed.\n\n" +
			"Example: pfsd s3 --addr 127.0.0.1:9000",
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "addr", Value: defaultS3, Usage: "listen on `HOST:PORT`; port 0 is any free one"},
		}, s3Flags()...),
		Action: p.serveS3,
	}
}

// s3Flags are the flags that say how an S3 door behaves.
func s3Flags() []cli.Flag {
	return []cli.Flag{
		adminFlag(),
		&cli.StringFlag{Name: "access-key", EnvVars: []string{"PFSD_ACCESS_KEY"}, Usage: "the `KEY` that requests are signed with"},
		&cli.StringFlag{Name: "secret-key", EnvVars: []string{"PFSD_SECRET_KEY"}, Usage: "its `SECRET`; better given by the variable"},
		&cli.StringFlag{Name: "tls-cert", Usage: "speak TLS, with the certificate in the PEM `FILE`"},
		&cli.StringFlag{Name: "tls-key", Usage: "the PEM `FILE` with the private key of the certificate"},
		&cli.StringFlag{Name: "domain", Usage: "a host `NAME` of this door; BUCKET.NAME then is a bucket"},
		&cli.BoolFlag{Name: "disk-encrypted", Usage: "say that the store's disk is encrypted, to clients that ask for it (AES256)"},
		&cli.StringFlag{Name: "etag", Value: "plain", Usage: "plain, or dash to append -1, for clients that take an ETag for an MD5"},
		&cli.StringFlag{Name: "last-modified", Value: "branch", Usage: "whose last change LastModified is: branch or object"},
		&cli.DurationFlag{Name: "upload-expiry", Value: 7 * 24 * time.Hour,
			Usage: "end multipart uploads that nobody goes on with for this `TIME`; 0 for never"},
	}
}

// s3Spec returns the S3 door that the flags describe.
func s3Spec(c *cli.Context) (door.S3, error) {
	who := person()
	spec := door.S3{
		AccessKey: c.String("access-key"), SecretKey: c.String("secret-key"), Domain: c.String("domain"),
		DashETags: c.String("etag") == "dash", ObjectTimes: c.String("last-modified") == "object", UID: who.UID, GID: who.GID,
		UploadExpiry: c.Duration("upload-expiry"), DiskEncrypted: c.Bool("disk-encrypted"),
	}
	cert, key := c.String("tls-cert"), c.String("tls-key")
	switch {
	case (spec.AccessKey == "") != (spec.SecretKey == ""):
		return spec, usage(c, "an access key and a secret key go together")
	case !spec.DashETags && c.String("etag") != "plain":
		return spec, usage(c, "--etag is plain or dash")
	case !spec.ObjectTimes && c.String("last-modified") != "branch":
		return spec, usage(c, "--last-modified is branch or object")
	case spec.UploadExpiry < 0:
		return spec, usage(c, "--upload-expiry is not below 0")
	case (cert == "") != (key == ""):
		return spec, usage(c, "--tls-cert and --tls-key go together")
	case cert == "":
		return spec, nil
	}
	err := endpoint.Secure(&spec, cert, key)
	return spec, err
}

func (p *program) serveS3(c *cli.Context) error {
	if _, err := operands(c, 0, 0); err != nil {
		return err
	}
	spec, err := s3Spec(c)
	if err != nil {
		return err
	}
	return p.runDoors(c, true, []opening{listening(c.String("addr"), spec)})
}

// listening opens an S3 door.
func listening(addr string, spec door.S3) opening {
	return func(ctx context.Context, _ hosting.Member) (*door.Object, error) {
		return endpoint.Listen(ctx, addr, spec)
	}
}
