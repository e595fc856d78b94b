package clients_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"pfsd/integration/harness"
)

// visitSDKJS is the AWS SDK for JavaScript v3; javascript/client.cjs has the rows.
func visitSDKJS(v *visit) {
	cmd := javascript(v.t, v.s, "client.cjs")
	// The SDK warns that its versions to come need a newer Node.js, which is nothing about the door.
	cmd.Env = append(cmd.Env, "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED=true")
	v.script(cmd)
}

// javascript returns a command that runs a script of the folder of that name. The tools script installs the packages that
// it needs; where they cannot be had, which it says, the test is skipped.
func javascript(t *testing.T, s *harness.Store, script string) *exec.Cmd {
	t.Helper()
	modules := filepath.Join(harness.Root(t), "bin", "javascript", "node_modules")
	if _, err := os.Stat(modules); err != nil {
		t.Skipf("the packages of javascript/package.json are missing; `make tools` installs them: %v", err)
	}
	cmd := s.Command("node", absolute(t, filepath.Join("javascript", script)))
	cmd.Env = append(cmd.Env, "NODE_PATH="+modules)
	return cmd
}

// absolute returns the path of a file of this package.
func absolute(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}
