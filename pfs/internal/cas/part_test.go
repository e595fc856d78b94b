package cas

import (
	"fmt"

	"pfsd/pfs/internal/schema"
)

func ExamplePart() {
	p := Part{Offset: 5 << 20, Size: 3, Hash: schema.Hash{1}, Root: schema.Hash{2}}
	raw, _ := p.AppendBinary(nil)
	fmt.Printf("%x\n%x\n%x\n", raw[:6], raw[6:38], raw[38:])
	// Output:
	// 038080c00203
	// 0100000000000000000000000000000000000000000000000000000000000000
	// 0200000000000000000000000000000000000000000000000000000000000000
}
