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
	ChecksumSHA512    string `xml:",omitempty"`
	ChecksumMD5       string `xml:",omitempty"`
	ChecksumXXHASH64  string `xml:",omitempty"`
	ChecksumXXHASH3   string `xml:",omitempty"`
	ChecksumXXHASH128 string `xml:",omitempty"`
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
	return map[checksum.Algorithm]*string{
		checksum.CRC32: &x.ChecksumCRC32, checksum.CRC32C: &x.ChecksumCRC32C, checksum.CRC64NVME: &x.ChecksumCRC64NVME,
		checksum.SHA1: &x.ChecksumSHA1, checksum.SHA256: &x.ChecksumSHA256, checksum.SHA512: &x.ChecksumSHA512,
		checksum.MD5: &x.ChecksumMD5, checksum.XXHASH64: &x.ChecksumXXHASH64, checksum.XXHASH3: &x.ChecksumXXHASH3,
		checksum.XXHASH128: &x.ChecksumXXHASH128,
	}[a]
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
