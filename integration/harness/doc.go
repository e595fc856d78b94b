// Package harness runs the built pfsd binary for the tests of package integration: each test gets a store in a private
// directory, doors on free ports and private mount points, and the real clients that talk to them, in an environment
// without the machine's own settings. When a test ends its doors are stopped, its mounts are gone and its store has passed
// `pfsd fsck --deep`; whatever of that fails, fails the test.
//
// Nothing here sleeps to wait for something: a door is ready when it has printed its ready line, and has ended when its
// process has.
package harness
