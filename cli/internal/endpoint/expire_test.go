package endpoint_test

import (
	"testing"
	"time"

	"pfsd/cli/internal/door"
	"pfsd/cli/internal/endpoint"
	"pfsd/pfs"
	"pfsd/pfs/pfstest"
)

// Uploads that were left before the endpoint started are ended when it does.
func TestUploadsExpire(t *testing.T) {
	clock := pfstest.NewClock()
	opts := pfstest.Options(t)
	opts.Now = clock.Now
	store := pfstest.NewStoreWith(t, opts)
	if _, err := store.CreateRepo(t.Context(), "data", pfs.Owner{}, pfs.By{}); err != nil {
		t.Fatal(err)
	}
	master := pfs.BranchRef("data", "master")
	upload, err := store.CreateUpload(t.Context(), master, "k", nil)
	if err != nil {
		t.Fatal(err)
	}
	run := func(expiry time.Duration) {
		t.Helper()
		object, err := endpoint.Listen(t.Context(), "127.0.0.1:0", door.S3{UploadExpiry: expiry})
		if err != nil {
			t.Fatal(err)
		}
		defer object.Release()
		server := serve(t, store, object, clock.Now)
		server.Close(t.Context())
		<-server.Done()
	}
	clock.Add(2 * time.Hour)
	for _, expiry := range []time.Duration{0, 3 * time.Hour} {
		run(expiry)
		if _, err := store.Upload(t.Context(), master, upload.ID); err != nil {
			t.Errorf("after %v: %v", expiry, err)
		}
	}
	object, err := endpoint.Listen(t.Context(), "127.0.0.1:0", door.S3{UploadExpiry: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	defer object.Release()
	server := serve(t, store, object, clock.Now)
	for pfs.KindOf(err) != pfs.KindUploadNotFound {
		_, err = store.Upload(t.Context(), master, upload.ID)
	}
	server.Close(t.Context())
	<-server.Done()
}
