#include "textflag.h"

// Y8 to Y11 hold the columns of a tile, B points to a number of the k-th column of another; sums are in s and t.
#define TAKEOFF(B, k, s, t) \
	VBROADCASTSD (32*k)(B), Y12; \
	VFNMADD231PD Y8, Y12, s; \
	VBROADCASTSD (32*k+8)(B), Y13; \
	VFNMADD231PD Y9, Y13, t; \
	VBROADCASTSD (32*k+16)(B), Y14; \
	VFNMADD231PD Y10, Y14, s; \
	VBROADCASTSD (32*k+24)(B), Y15; \
	VFNMADD231PD Y11, Y15, t

// The k-th column of the product of the tile in Y0 to Y3 with that at B goes to the tile at C.
#define MULTIPLY(B, k, C) \
	VBROADCASTSD (32*k)(B), Y12; \
	VMULPD       Y0, Y12, Y4; \
	VBROADCASTSD (32*k+8)(B), Y13; \
	VMULPD       Y1, Y13, Y5; \
	VBROADCASTSD (32*k+16)(B), Y14; \
	VFMADD231PD  Y2, Y14, Y4; \
	VBROADCASTSD (32*k+24)(B), Y15; \
	VFMADD231PD  Y3, Y15, Y5; \
	VADDPD       Y4, Y5, Y4; \
	VMOVUPD      Y4, (32*k)(C)

// func updateTile(c, tiles *tile, products []product, inverse *tile)
TEXT ·updateTile(SB), NOSPLIT, $0-48
	MOVQ    c+0(FP), DI
	MOVQ    tiles+8(FP), SI
	MOVQ    products_base+16(FP), R8
	MOVQ    products_len+24(FP), CX
	MOVQ    inverse+40(FP), R9
	VMOVUPD (DI), Y0
	VMOVUPD 32(DI), Y1
	VMOVUPD 64(DI), Y2
	VMOVUPD 96(DI), Y3
	VXORPD  Y4, Y4, Y4
	VXORPD  Y5, Y5, Y5
	VXORPD  Y6, Y6, Y6
	VXORPD  Y7, Y7, Y7
	TESTQ   CX, CX
	JE      sum

product:
	MOVLQSX (R8), AX
	MOVLQSX 4(R8), BX
	SHLQ    $7, AX
	SHLQ    $7, BX
	ADDQ    SI, AX
	ADDQ    SI, BX
	VMOVUPD (AX), Y8
	VMOVUPD 32(AX), Y9
	VMOVUPD 64(AX), Y10
	VMOVUPD 96(AX), Y11
	TAKEOFF(BX, 0, Y0, Y4)
	TAKEOFF(BX, 1, Y1, Y5)
	TAKEOFF(BX, 2, Y2, Y6)
	TAKEOFF(BX, 3, Y3, Y7)
	ADDQ    $8, R8
	DECQ    CX
	JNE     product

sum:
	VADDPD Y4, Y0, Y0
	VADDPD Y5, Y1, Y1
	VADDPD Y6, Y2, Y2
	VADDPD Y7, Y3, Y3
	TESTQ  R9, R9
	JE     store
	MULTIPLY(R9, 0, DI)
	MULTIPLY(R9, 1, DI)
	MULTIPLY(R9, 2, DI)
	MULTIPLY(R9, 3, DI)
	VZEROUPPER
	RET

store:
	VMOVUPD Y0, (DI)
	VMOVUPD Y1, 32(DI)
	VMOVUPD Y2, 64(DI)
	VMOVUPD Y3, 96(DI)
	VZEROUPPER
	RET

// The terms from R11 to R12 are taken off Y0, with tiles at SI and blocks at DI.
#define TERMS(loop, end) \
	VXORPD Y1, Y1, Y1; \
	VXORPD Y2, Y2, Y2; \
	VXORPD Y3, Y3, Y3; \
	CMPQ   R11, R12; \
	JE     end; \
loop: \
	MOVLQSX      (R11), AX; \
	MOVLQSX      4(R11), BX; \
	SHLQ         $7, AX; \
	SHLQ         $5, BX; \
	VBROADCASTSD (DI)(BX*1), Y4; \
	VFNMADD231PD (SI)(AX*1), Y4, Y0; \
	VBROADCASTSD 8(DI)(BX*1), Y5; \
	VFNMADD231PD 32(SI)(AX*1), Y5, Y1; \
	VBROADCASTSD 16(DI)(BX*1), Y6; \
	VFNMADD231PD 64(SI)(AX*1), Y6, Y2; \
	VBROADCASTSD 24(DI)(BX*1), Y7; \
	VFNMADD231PD 96(SI)(AX*1), Y7, Y3; \
	ADDQ         $8, R11; \
	CMPQ         R11, R12; \
	JNE          loop; \
end: \
	VADDPD Y1, Y0, Y0; \
	VADDPD Y3, Y2, Y2; \
	VADDPD Y2, Y0, Y0

// func forwardTiles(x [][tileSize]float64, tiles *tile, start *int32, terms *term)
TEXT ·forwardTiles(SB), NOSPLIT, $0-48
	MOVQ x_base+0(FP), DI
	MOVQ x_len+8(FP), CX
	MOVQ tiles+24(FP), SI
	MOVQ start+32(FP), R9
	MOVQ terms+40(FP), R10
	MOVQ DI, R8
	TESTQ CX, CX
	JE   done

row:
	MOVLQSX (R9), R11
	MOVLQSX 4(R9), R12
	LEAQ    (R10)(R11*8), R11
	LEAQ    (R10)(R12*8), R12
	VMOVUPD (R8), Y0
	TERMS(term, next)
	VMOVUPD Y0, (R8)
	ADDQ    $32, R8
	ADDQ    $4, R9
	DECQ    CX
	JNE     row

done:
	VZEROUPPER
	RET

// func backTiles(x [][tileSize]float64, inverse, tiles *tile, start *int32, terms *term)
TEXT ·backTiles(SB), NOSPLIT, $0-56
	MOVQ  x_base+0(FP), DI
	MOVQ  x_len+8(FP), CX
	MOVQ  inverse+24(FP), R13
	MOVQ  tiles+32(FP), SI
	MOVQ  start+40(FP), R9
	MOVQ  terms+48(FP), R10
	TESTQ CX, CX
	JE    done

row:
	DECQ    CX
	MOVQ    CX, R8
	SHLQ    $5, R8
	MOVLQSX (R9)(CX*4), R11
	MOVLQSX 4(R9)(CX*4), R12
	LEAQ    (R10)(R11*8), R11
	LEAQ    (R10)(R12*8), R12
	VMOVUPD (DI)(R8*1), Y0
	TERMS(term, next)

	// Times the inverse.
	MOVQ   CX, AX
	SHLQ   $7, AX
	VPERMPD $0x00, Y0, Y4
	VMULPD  (R13)(AX*1), Y4, Y1
	VPERMPD $0x55, Y0, Y5
	VMULPD  32(R13)(AX*1), Y5, Y2
	VPERMPD $0xaa, Y0, Y6
	VFMADD231PD 64(R13)(AX*1), Y6, Y1
	VPERMPD $0xff, Y0, Y7
	VFMADD231PD 96(R13)(AX*1), Y7, Y2
	VADDPD  Y2, Y1, Y1
	VMOVUPD Y1, (DI)(R8*1)
	TESTQ   CX, CX
	JNE     row

done:
	VZEROUPPER
	RET

// func combineBlocks(y, a []float64, x *float64, stride int)
TEXT ·combineBlocks(SB), NOSPLIT, $0-64
	MOVQ  y_base+0(FP), DI
	MOVQ  y_len+8(FP), CX
	MOVQ  a_base+24(FP), SI
	MOVQ  a_len+32(FP), R8
	MOVQ  x+48(FP), R9
	MOVQ  stride+56(FP), R10
	SHLQ  $3, R10
	ADDQ  $3, CX
	SHRQ  $2, CX
	JE    done
	TESTQ R8, R8
	JE    done

block:
	VMOVUPD (DI), Y1
	MOVQ    R9, R11
	XORQ    AX, AX

row:
	VBROADCASTSD (SI)(AX*8), Y0
	VFMADD231PD  (R11), Y0, Y1
	ADDQ         R10, R11
	INCQ         AX
	CMPQ         AX, R8
	JNE          row
	VMOVUPD      Y1, (DI)
	ADDQ         $32, DI
	ADDQ         $32, R9
	DECQ         CX
	JNE          block

done:
	VZEROUPPER
	RET
