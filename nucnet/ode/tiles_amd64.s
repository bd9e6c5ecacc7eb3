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

// Step k of the elimination on the diagonal that leaves the inverse in Y0 to Y3: the columns are the rows of the
// transpose. The pivot is in v, others are a, b and c; lane has the bit of the pivot, all is its number in each lane.
// Y15 collects what makes a pivot unfit: it, or its inverse, is not a number other than 0.
#define PIVOT(v, a, b, c, lane, all) \
	VPERMPD      $all, v, Y4; \
	VPERMPD      $all, a, Y5; \
	VPERMPD      $all, b, Y6; \
	VPERMPD      $all, c, Y7; \
	VDIVPD       Y4, Y13, Y4; \
	VBLENDPD     $lane, Y13, v, v; \
	VBLENDPD     $lane, Y14, a, a; \
	VBLENDPD     $lane, Y14, b, b; \
	VBLENDPD     $lane, Y14, c, c; \
	VMULPD       Y4, v, v; \
	VFNMADD231PD v, Y5, a; \
	VFNMADD231PD v, Y6, b; \
	VFNMADD231PD v, Y7, c; \
	VCMPPD       $0, Y14, Y4, Y5; \
	VORPD        Y5, Y15, Y15; \
	VSUBPD       Y4, Y4, Y5; \
	VCMPPD       $4, Y14, Y5, Y5; \
	VORPD        Y5, Y15, Y15

DATA ·one+0(SB)/8, $1.0
GLOBL ·one(SB), RODATA|NOPTR, $8

// func eliminateTiles(tiles, inverse *tile, targets []target, products *product) bool
TEXT ·eliminateTiles(SB), NOSPLIT, $0-49
	MOVQ tiles+0(FP), SI
	MOVQ inverse+8(FP), R9
	MOVQ targets_base+16(FP), R10
	MOVQ targets_len+24(FP), R11
	MOVQ products+40(FP), R12
	MOVQ SI, DI // the tile of the target
	XORL R13, R13

target:
	MOVLQSX 8(R10), R8
	MOVLQSX 12(R10), CX
	SUBQ    R8, CX
	LEAQ    (R12)(R8*8), R8
	VMOVUPD (DI), Y0
	VMOVUPD 32(DI), Y1
	VMOVUPD 64(DI), Y2
	VMOVUPD 96(DI), Y3
	TESTQ   CX, CX
	JE      finish
	VXORPD  Y4, Y4, Y4
	VXORPD  Y5, Y5, Y5
	VXORPD  Y6, Y6, Y6
	VXORPD  Y7, Y7, Y7

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
	VADDPD  Y4, Y0, Y0
	VADDPD  Y5, Y1, Y1
	VADDPD  Y6, Y2, Y2
	VADDPD  Y7, Y3, Y3

finish:
	MOVLQSX (R10), AX
	MOVLQSX 4(R10), BX
	MOVQ    BX, R8
	SHLQ    $7, R8
	ADDQ    R9, R8
	CMPQ    AX, BX
	JLT     above
	JEQ     pivots
	MULTIPLY(R8, 0, DI)
	MULTIPLY(R8, 1, DI)
	MULTIPLY(R8, 2, DI)
	MULTIPLY(R8, 3, DI)
	JMP     next

above:
	VMOVUPD Y0, (DI)
	VMOVUPD Y1, 32(DI)
	VMOVUPD Y2, 64(DI)
	VMOVUPD Y3, 96(DI)
	JMP     next

pivots:
	VBROADCASTSD ·one(SB), Y13
	VXORPD       Y14, Y14, Y14
	VXORPD       Y15, Y15, Y15
	PIVOT(Y0, Y1, Y2, Y3, 1, 0x00)
	PIVOT(Y1, Y0, Y2, Y3, 2, 0x55)
	PIVOT(Y2, Y0, Y1, Y3, 4, 0xaa)
	PIVOT(Y3, Y0, Y1, Y2, 8, 0xff)
	VMOVUPD      Y0, (R8)
	VMOVUPD      Y1, 32(R8)
	VMOVUPD      Y2, 64(R8)
	VMOVUPD      Y3, 96(R8)
	VMOVMSKPD    Y15, AX
	ORL          AX, R13

next:
	ADDQ $128, DI
	ADDQ $16, R10
	DECQ R11
	JNE  target
	VZEROUPPER
	TESTL R13, R13
	SETEQ ret+48(FP)
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

// func combineBlocks(dst, y *float64, blocks int, a []float64, x *float64, stride int)
TEXT ·combineBlocks(SB), NOSPLIT, $0-64
	MOVQ dst+0(FP), DI
	MOVQ y+8(FP), SI
	MOVQ blocks+16(FP), CX
	MOVQ a_base+24(FP), R8
	MOVQ a_len+32(FP), R9
	MOVQ x+48(FP), R10
	MOVQ stride+56(FP), R11
	SHLQ $3, R11
	LEAQ (R8)(R9*8), R9 // end of a

	SUBQ $4, CX
	JL   single

four:
	VMOVUPD (SI), Y1
	VMOVUPD 32(SI), Y2
	VMOVUPD 64(SI), Y3
	VMOVUPD 96(SI), Y4
	MOVQ    R10, BX
	MOVQ    R8, AX

row:
	VBROADCASTSD (AX), Y0
	VFMADD231PD  (BX), Y0, Y1
	VFMADD231PD  32(BX), Y0, Y2
	VFMADD231PD  64(BX), Y0, Y3
	VFMADD231PD  96(BX), Y0, Y4
	ADDQ         R11, BX
	ADDQ         $8, AX
	CMPQ         AX, R9
	JB           row
	VMOVUPD      Y1, (DI)
	VMOVUPD      Y2, 32(DI)
	VMOVUPD      Y3, 64(DI)
	VMOVUPD      Y4, 96(DI)
	ADDQ         $128, SI
	ADDQ         $128, DI
	ADDQ         $128, R10
	SUBQ         $4, CX
	JGE          four

single:
	ADDQ $4, CX
	JLE  done

one:
	VMOVUPD (SI), Y1
	MOVQ    R10, BX
	MOVQ    R8, AX

rowOfOne:
	VBROADCASTSD (AX), Y0
	VFMADD231PD  (BX), Y0, Y1
	ADDQ         R11, BX
	ADDQ         $8, AX
	CMPQ         AX, R9
	JB           rowOfOne
	VMOVUPD      Y1, (DI)
	ADDQ         $32, SI
	ADDQ         $32, DI
	ADDQ         $32, R10
	DECQ         CX
	JNE          one

done:
	VZEROUPPER
	RET

// func dotVectors(x, y []float64) float64
TEXT ·dotVectors(SB), NOSPLIT, $0-56
	MOVQ   x_base+0(FP), SI
	MOVQ   x_len+8(FP), CX
	MOVQ   y_base+24(FP), DI
	VXORPD Y0, Y0, Y0
	VXORPD Y1, Y1, Y1
	VXORPD Y2, Y2, Y2
	VXORPD Y3, Y3, Y3
	SUBQ   $16, CX
	JL     fewer

sixteen:
	VMOVUPD     (SI), Y4
	VMOVUPD     32(SI), Y5
	VMOVUPD     64(SI), Y6
	VMOVUPD     96(SI), Y7
	VFMADD231PD (DI), Y4, Y0
	VFMADD231PD 32(DI), Y5, Y1
	VFMADD231PD 64(DI), Y6, Y2
	VFMADD231PD 96(DI), Y7, Y3
	ADDQ        $128, SI
	ADDQ        $128, DI
	SUBQ        $16, CX
	JGE         sixteen

fewer:
	ADDQ $12, CX
	JL   sum

four:
	VMOVUPD     (SI), Y4
	VFMADD231PD (DI), Y4, Y0
	ADDQ        $32, SI
	ADDQ        $32, DI
	SUBQ        $4, CX
	JGE         four

sum:
	VADDPD       Y1, Y0, Y0
	VADDPD       Y3, Y2, Y2
	VADDPD       Y2, Y0, Y0
	VEXTRACTF128 $1, Y0, X1
	VADDPD       X1, X0, X0
	VHADDPD      X0, X0, X0
	ADDQ         $4, CX
	JE           done

one:
	VMOVSD      (SI), X1
	VFMADD231SD (DI), X1, X0
	ADDQ        $8, SI
	ADDQ        $8, DI
	DECQ        CX
	JNE         one

done:
	VMOVSD X0, ret+48(FP)
	VZEROUPPER
	RET
