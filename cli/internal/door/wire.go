package door

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"golang.org/x/sys/unix"

	"pfsd/cli/internal/control"
)

// message is what the two ends of a door's connection tell each other, one JSON object a line, after the owner has sent the
// Spec with the descriptor.
type message struct {
	// Do is one of the words below.
	Do    string         `json:"do"`
	Fault *control.Fault `json:"fault,omitempty"`
	// Leaving, of wordEnded, says that the door has ended only because the host does: it can be opened at another one.
	Leaving bool `json:"leaving,omitempty"`
}

const (
	// wordReady: host to owner, the door is served.
	wordReady = "ready"
	// wordEnd: owner to host, end the door.
	wordEnd = "end"
	// wordEnded: host to owner, the door has ended, with the fault if there was one; the last word.
	wordEnded = "ended"
	// wordRenew: host to owner, the host is about to end: make the object fit for another one.
	wordRenew = "renew"
	// wordRenewed: owner to host, that is done, or has failed.
	wordRenewed = "renewed"
	// wordDetach: host to owner, unmount.
	wordDetach = "detach"
	// wordDetached: owner to host, the outcome of that.
	wordDetached = "detached"
)

// maxSpec bounds a Spec on the wire.
const maxSpec = 256 << 10

// sendSpec sends spec and, with its first bytes, the descriptor (SCM_RIGHTS of unix(7)).
func sendSpec(conn *net.UnixConn, spec Spec, file *os.File) error {
	text, err := json.Marshal(spec)
	if err != nil {
		return err
	}
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	head := binary.BigEndian.AppendUint32(nil, uint32(len(text)))
	var sendErr error
	err = raw.Control(func(fd uintptr) {
		_, _, sendErr = conn.WriteMsgUnix(head, unix.UnixRights(int(fd)), nil)
	})
	if err := errors.Join(err, sendErr); err != nil {
		return err
	}
	_, err = conn.Write(text)
	return err
}

// receiveSpec receives what sendSpec sent. The file is the caller's.
func receiveSpec(conn *net.UnixConn) (Spec, *os.File, error) {
	head := make([]byte, 4)
	oob := make([]byte, unix.CmsgSpace(4))
	n, oobn, _, _, err := conn.ReadMsgUnix(head, oob)
	if err != nil {
		return Spec{}, nil, err
	}
	file, err := rights(oob[:oobn])
	if err != nil {
		return Spec{}, nil, err
	}
	spec, err := readSpec(conn, head, n)
	if err != nil {
		file.Close()
		return Spec{}, nil, err
	}
	return spec, file, nil
}

// readSpec reads the rest of a Spec, of whose length n bytes are in head.
func readSpec(conn io.Reader, head []byte, n int) (Spec, error) {
	var spec Spec
	if _, err := io.ReadFull(conn, head[n:]); err != nil {
		return spec, err
	}
	size := binary.BigEndian.Uint32(head)
	if size > maxSpec {
		return spec, errors.New("the description of a door is too long")
	}
	text := make([]byte, size)
	if _, err := io.ReadFull(conn, text); err != nil {
		return spec, err
	}
	return spec, json.Unmarshal(text, &spec)
}

// rights returns the one descriptor that came with a message. When others came too, or more than one, none is kept.
func rights(oob []byte) (*os.File, error) {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return nil, err
	}
	var files []*os.File
	for _, m := range messages {
		fds, err := unix.ParseUnixRights(&m)
		if err != nil {
			continue // of another kind
		}
		for _, fd := range fds {
			unix.CloseOnExec(fd)
			files = append(files, os.NewFile(uintptr(fd), "door"))
		}
	}
	if len(files) == 1 {
		return files[0], nil
	}
	for _, f := range files {
		err = errors.Join(err, f.Close())
	}
	return nil, errors.Join(fmt.Errorf("a door came with %d descriptors, not one", len(files)), err)
}
