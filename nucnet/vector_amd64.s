#include "go_asm.h"
#include "textflag.h"

// func wideSlope(groups []partners, wide *pair, rates, factor, y, dst, lost *float64, vectors int)
TEXT ·wideSlope(SB), NOSPLIT, $0-80
	MOVQ groups_base+0(FP), R15
	MOVQ groups_len+8(FP), R14
	MOVQ wide+24(FP), R8
	MOVQ rates+32(FP), R9
	MOVQ factor+40(FP), R10
	MOVQ y+48(FP), SI
	MOVQ dst+56(FP), R12
	MOVQ lost+64(FP), R11
	MOVQ vectors+72(FP), R13

group:
	MOVWLZX      partners_b(R15), AX
	MOVWLZX      partners_d(R15), BX
	VBROADCASTSD (SI)(AX*8), Y0
	VBROADCASTSD (SI)(BX*8), Y1
	MOVQ         partners_wide(R15), DI
	VXORPD       Y2, Y2, Y2

pairs:
	MOVWLZX      pair_a(R8), AX
	MOVWLZX      pair_c(R8), BX
	MOVWLZX      pair_in(R8), CX
	MOVWLZX      pair_out(R8), DX
	VMULPD       (SI)(AX*8), Y0, Y3
	VMULPD       (SI)(BX*8), Y1, Y4
	VBROADCASTSD (R10)(CX*8), Y5
	VBROADCASTSD (R10)(DX*8), Y6
	VMULPD       (R9), Y5, Y5
	VMULPD       32(R9), Y6, Y6
	VMULPD       Y5, Y3, Y3
	VFNMADD231PD Y6, Y4, Y3
	VADDPD       (R11)(AX*8), Y3, Y7
	VMOVUPD      Y7, (R11)(AX*8)
	VADDPD       (R12)(BX*8), Y3, Y8
	VMOVUPD      Y8, (R12)(BX*8)
	VADDPD       Y3, Y2, Y2
	ADDQ         $pair__size, R8
	ADDQ         $64, R9
	DECQ         DI
	JNE          pairs

	VEXTRACTF128 $1, Y2, X3
	VADDPD       X3, X2, X2
	VHADDPD      X2, X2, X2
	MOVWLZX      partners_b(R15), AX
	MOVWLZX      partners_d(R15), BX
	VMOVSD       (R12)(AX*8), X3
	VSUBSD       X2, X3, X3
	VMOVSD       X3, (R12)(AX*8)
	VADDSD       (R12)(BX*8), X2, X2
	VMOVSD       X2, (R12)(BX*8)
	ADDQ         $partners__size, R15
	DECQ         R14
	JNE          group

	VXORPD Y0, Y0, Y0

lost:
	VMOVUPD (R12), Y1
	VSUBPD  (R11), Y1, Y1
	VMOVUPD Y1, (R12)
	VMOVUPD Y0, (R11)
	ADDQ    $32, R12
	ADDQ    $32, R11
	DECQ    R13
	JNE     lost
	VZEROUPPER
	RET

DATA ·half+0(SB)/8, $0.5
GLOBL ·half(SB), RODATA|NOPTR, $8
DATA ·one+0(SB)/8, $1.0
GLOBL ·one(SB), RODATA|NOPTR, $8

// func followVectors(dst, base, g0, g1 *float64, d0, d1 float64, vectors int)
TEXT ·followVectors(SB), NOSPLIT, $0-56
	MOVQ         dst+0(FP), DI
	MOVQ         base+8(FP), SI
	MOVQ         g0+16(FP), R8
	MOVQ         g1+24(FP), R9
	VBROADCASTSD d0+32(FP), Y0
	VBROADCASTSD d1+40(FP), Y1
	MOVQ         vectors+48(FP), CX
	VBROADCASTSD ·half(SB), Y2
	VBROADCASTSD ·one(SB), Y3
	XORL         AX, AX

vector:
	VMULPD      (R8)(AX*1), Y0, Y4
	VFMADD231PD (R9)(AX*1), Y1, Y4
	VMOVAPD     Y3, Y5
	VFMADD231PD Y4, Y2, Y5
	VMULPD      Y4, Y5, Y5
	VMOVUPD     (SI)(AX*1), Y6
	VFMADD231PD Y6, Y5, Y6
	VMOVUPD     Y6, (DI)(AX*1)
	ADDQ        $32, AX
	DECQ        CX
	JNE         vector
	VZEROUPPER
	RET
