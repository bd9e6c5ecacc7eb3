#include "textflag.h"

// Eight single-precision numbers at a time with AVX2, without fused
// multiply-add, so that each result has the bits of the Go code beside it.
// Every n is a positive multiple of 8.

// func reluAVX2(y *float32, n int)
TEXT ·reluAVX2(SB), NOSPLIT, $0-16
	MOVQ   y+0(FP), DI
	MOVQ   n+8(FP), CX
	VXORPS Y0, Y0, Y0

relu:
	VMAXPS  (DI), Y0, Y1 // of 0 and NaN the maximum is the second: NaN
	VMOVUPS Y1, (DI)
	ADDQ    $32, DI
	SUBQ    $8, CX
	JNZ     relu
	VZEROUPPER
	RET

// func reluGradAVX2(dst, y, dy *float32, n int)
TEXT ·reluGradAVX2(SB), NOSPLIT, $0-32
	MOVQ   dst+0(FP), DI
	MOVQ   y+8(FP), SI
	MOVQ   dy+16(FP), DX
	MOVQ   n+24(FP), CX
	VXORPS Y0, Y0, Y0

grad:
	VCMPPS  $0, (SI), Y0, Y1  // all ones where y = 0
	VANDNPS (DX), Y1, Y2
	VMOVUPS Y2, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DX
	ADDQ    $32, DI
	SUBQ    $8, CX
	JNZ     grad
	VZEROUPPER
	RET

// func adamAVX2(w, dw, m, v *float32, n int, f *adamFactors)
// f holds beta1, 1-beta1, beta2, 1-beta2, step, root, epsilon, scale, keep.
TEXT ·adamAVX2(SB), NOSPLIT, $0-48
	MOVQ         w+0(FP), DI
	MOVQ         dw+8(FP), SI
	MOVQ         m+16(FP), R8
	MOVQ         v+24(FP), R9
	MOVQ         n+32(FP), CX
	MOVQ         f+40(FP), AX
	VBROADCASTSS 0(AX), Y8
	VBROADCASTSS 4(AX), Y9
	VBROADCASTSS 8(AX), Y10
	VBROADCASTSS 12(AX), Y11
	VBROADCASTSS 16(AX), Y12
	VBROADCASTSS 20(AX), Y13
	VBROADCASTSS 24(AX), Y14
	VBROADCASTSS 28(AX), Y6
	VBROADCASTSS 32(AX), Y7

adam:
	VMULPS  (SI), Y6, Y0   // g
	VMULPS  (R8), Y8, Y1   // beta1 m
	VMULPS  Y0, Y9, Y2
	VADDPS  Y2, Y1, Y1     // m
	VMOVUPS Y1, (R8)
	VMULPS  (R9), Y10, Y3  // beta2 v
	VMULPS  Y0, Y11, Y4
	VMULPS  Y0, Y4, Y4
	VADDPS  Y4, Y3, Y3     // v
	VMOVUPS Y3, (R9)
	VSQRTPS Y3, Y3
	VMULPS  Y13, Y3, Y3
	VADDPS  Y14, Y3, Y3    // sqrt(v) root + epsilon
	VMULPS  Y12, Y1, Y1    // step m
	VDIVPS  Y3, Y1, Y1
	VMULPS  (DI), Y7, Y5
	VSUBPS  Y1, Y5, Y5
	VMOVUPS Y5, (DI)
	ADDQ    $32, DI
	ADDQ    $32, SI
	ADDQ    $32, R8
	ADDQ    $32, R9
	SUBQ    $8, CX
	JNZ     adam
	VZEROUPPER
	RET

// func eluAVX2(y, e *float32, n int)
// y becomes its ELU; e is exp(y).
TEXT ·eluAVX2(SB), NOSPLIT, $0-24
	MOVQ         y+0(FP), DI
	MOVQ         e+8(FP), SI
	MOVQ         n+16(FP), CX
	VXORPS       Y0, Y0, Y0
	MOVL         $0x3f800000, AX
	VMOVD        AX, X1
	VBROADCASTSS X1, Y1

elu:
	VMAXPS  (DI), Y0, Y2 // of 0 and NaN the maximum is the second: NaN
	VMINPS  (SI), Y1, Y3
	VSUBPS  Y1, Y3, Y3
	VADDPS  Y3, Y2, Y2
	VMOVUPS Y2, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $8, CX
	JNZ     elu
	VZEROUPPER
	RET

// func approachAVX2(mean, v *float32, n int, past float32)
TEXT ·approachAVX2(SB), NOSPLIT, $0-28
	MOVQ         mean+0(FP), DI
	MOVQ         v+8(FP), SI
	MOVQ         n+16(FP), CX
	VBROADCASTSS past+24(FP), Y0

approach:
	VMOVUPS (SI), Y1
	VMOVUPS (DI), Y2
	VSUBPS  Y1, Y2, Y2
	VMULPS  Y0, Y2, Y2
	VADDPS  Y2, Y1, Y1
	VMOVUPS Y1, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $8, CX
	JNZ     approach
	VZEROUPPER
	RET

// func expAVX2(dst, x *float32, n int, shift float32, c *expConstants)
// dst = exp(x - shift), step by step as exp32 does it.
TEXT ·expAVX2(SB), NOSPLIT, $0-40
	MOVQ         dst+0(FP), DI
	MOVQ         x+8(FP), SI
	MOVQ         n+16(FP), CX
	VBROADCASTSS shift+24(FP), Y15
	MOVQ         c+32(FP), AX
	VBROADCASTSS 0(AX), Y14  // greatest argument
	VBROADCASTSS 4(AX), Y13  // least
	VBROADCASTSS 8(AX), Y12  // log2 e
	VBROADCASTSS 12(AX), Y11 // ln 2, high part
	VBROADCASTSS 16(AX), Y10 // low part
	VBROADCASTSS 20(AX), Y9  // 1
	VBROADCASTSS 24(AX), Y8  // the bits of 127
	VBROADCASTSS 28(AX), Y7  // the polynomial's first coefficient

exp:
	VMOVUPS      (SI), Y0
	VSUBPS       Y15, Y0, Y0     // x
	VMINPS       Y0, Y14, Y1     // NaN stays
	VMAXPS       Y1, Y13, Y1
	VMULPS       Y12, Y1, Y2
	VCVTPS2DQ    Y2, Y3          // k, rounded to even
	VCVTDQ2PS    Y3, Y2
	VMULPS       Y11, Y2, Y4
	VSUBPS       Y4, Y1, Y1
	VMULPS       Y10, Y2, Y4
	VSUBPS       Y4, Y1, Y1      // r
	VMULPS       Y1, Y7, Y4
	VBROADCASTSS 32(AX), Y5
	VADDPS       Y5, Y4, Y4
	VMULPS       Y1, Y4, Y4
	VBROADCASTSS 36(AX), Y5
	VADDPS       Y5, Y4, Y4
	VMULPS       Y1, Y4, Y4
	VBROADCASTSS 40(AX), Y5
	VADDPS       Y5, Y4, Y4
	VMULPS       Y1, Y4, Y4
	VBROADCASTSS 44(AX), Y5
	VADDPS       Y5, Y4, Y4
	VMULPS       Y1, Y4, Y4
	VBROADCASTSS 48(AX), Y5
	VADDPS       Y5, Y4, Y4
	VMULPS       Y1, Y4, Y4
	VMULPS       Y1, Y4, Y4
	VADDPS       Y1, Y4, Y4
	VADDPS       Y9, Y4, Y4
	VPADDD       Y8, Y3, Y3
	VPSLLD       $23, Y3, Y3     // 2^k
	VMULPS       Y3, Y4, Y4
	VCMPPS       $1, Y13, Y0, Y5 // x < least: 0
	VANDNPS      Y4, Y5, Y4
	VMOVUPS      Y4, (DI)
	ADDQ         $32, SI
	ADDQ         $32, DI
	SUBQ         $8, CX
	JNZ          exp
	VZEROUPPER
	RET
