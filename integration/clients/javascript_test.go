package clients_test

import (
	"os"
	"path/filepath"
	"testing"

	"pfsd/integration/harness"
)

// visitSDKJS is the AWS SDK for JavaScript v3; javascript/client.cjs has the rows. The tools script installs its packages.
func visitSDKJS(v *visit) {
	modules := filepath.Join(harness.Root(v.t), "bin", "javascript", "node_modules")
	if _, err := os.Stat(modules); err != nil {
		if os.Getenv("CI") == "true" {
			v.t.Fatalf("the packages of javascript/package.json are missing: %v", err)
		}
		v.t.Skipf("the packages of javascript/package.json are missing, `make tools` installs them: %v", err)
	}
	cmd := v.s.Command("node", absolute(v.t, "javascript/client.cjs"))
	// The SDK warns that its versions to come need a newer Node.js, which is nothing about the door.
	cmd.Env = append(cmd.Env, "NODE_PATH="+modules, "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED=true")
	v.script(cmd)
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
