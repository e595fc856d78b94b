package s3

import (
	"encoding/xml"

	"pfsd/s3/checksum"
)

// checksumXML is the elements that give an object's checksums in an answer.
type checksumXML struct {
	ChecksumCRC32     string `xml:",omitempty"`
	ChecksumCRC32C    string `xml:",omitempty"`
	ChecksumCRC64NVME string `xml:",omitempty"`
	ChecksumSHA1      string `xml:",omitempty"`
	ChecksumSHA256    string `xml:",omitempty"`
	ChecksumType      string `xml:",omitempty"`
}

// checksumElements returns stored checksums as elements.
func checksumElements(stored map[string]string) checksumXML {
	var x checksumXML
	for _, a := range checksum.Algorithms() {
		value := stored[a.Key()]
		if value == "" {
			continue
		}
		*x.field(a) = value
		x.ChecksumType = string(typeOf(value))
	}
	return x
}

// field returns the element of an algorithm.
func (x *checksumXML) field(a checksum.Algorithm) *string {
	switch a {
	case checksum.CRC32:
		return &x.ChecksumCRC32
	case checksum.CRC32C:
		return &x.ChecksumCRC32C
	case checksum.CRC64NVME:
		return &x.ChecksumCRC64NVME
	case checksum.SHA1:
		return &x.ChecksumSHA1
	default:
		return &x.ChecksumSHA256
	}
}

// copyResult is the answer to a copy of an object or part.
type copyResult struct {
	XMLName      xml.Name
	LastModified string
	ETag         string
	checksumXML
}

// elementName is the name of an element in the namespace of S3.
func elementName(name string) xml.Name { return xml.Name{Space: namespace, Local: name} }
