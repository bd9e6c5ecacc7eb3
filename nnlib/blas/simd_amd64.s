#include "textflag.h"

// ROUND leaves in x the upper halves, rounded to nearest even, of eight numbers
// in single precision. Y15 is 1, Y14 0x7fff, Y13 the quiet bit of the upper half.
#define ROUND(x, t, nan) \
	VCMPPS  $3, x, x, nan \ // not equal to itself
	VPSRLD  $16, x, t     \
	VPAND   Y15, t, Y12   \
	VPOR    Y13, t, t     \ // the NaN that would result
	VPADDD  Y14, x, x     \
	VPADDD  Y12, x, x     \
	VPSRLD  $16, x, x     \
	VBLENDVPS nan, t, x, x

// func bf16AVX2(dst *BF16, src *float32, n int)
// n is a positive multiple of 16.
TEXT ·bf16AVX2(SB), NOSPLIT, $0-24
	MOVQ     dst+0(FP), DI
	MOVQ     src+8(FP), SI
	MOVQ     n+16(FP), CX
	VPCMPEQD Y14, Y14, Y14
	VPSRLD   $31, Y14, Y15
	VPSLLD   $6, Y15, Y13
	VPSRLD   $17, Y14, Y14

round:
	VMOVUPS   (SI), Y0
	VMOVUPS   32(SI), Y1
	ROUND(Y0, Y2, Y3)
	ROUND(Y1, Y4, Y5)
	VPACKUSDW Y1, Y0, Y0
	VPERMQ    $0xd8, Y0, Y0 // the packing is by halves
	VMOVDQU   Y0, (DI)
	ADDQ      $64, SI
	ADDQ      $32, DI
	SUBQ      $16, CX
	JNZ       round
	VZEROUPPER
	RET
