package clients_test

// python is Debian's, which has the packages that the tools script installs.
const python = "/usr/bin/python3"

// visitBoto3 is boto3; python/rows.py has the rows.
func visitBoto3(v *visit) {
	v.script(v.s.Command(python, absolute(v.t, "python/rows.py")))
}
