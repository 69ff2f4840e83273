/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program a trial machine runs, as data: polyvirt never executes it. It is handed to QEMU as a
 * 64 KiB firmware image (accel-run.c adds the reset jump at its end), so no BIOS time is measured.
 * The CPU wakes in real mode with CS based at 0xffff0000, where the image lies; the program enters
 * 32-bit protected mode without paging, the mode in which kernels unpack themselves and in which some
 * nested hosts emulate instruction by instruction, works for some ten million instructions on RAM and
 * leaves through isa-debug-exit.
 */
#define ROM_BASE   0xffff0000
#define ROUNDS     2000000  /* of five instructions */
#define RAM_AT     0x10000
#define RAM_MASK   0x7fff   /* bytes that are worked on, less one */
#define EXIT_PORT  0xf4     /* PV_ACCEL_EXIT_PORT */
#define EXIT_VALUE 0x10     /* status PV_ACCEL_EXIT_STATUS = 2 * value + 1 */

        .section .rodata
        .globl  pv_accel_payload, pv_accel_payload_end
        .hidden pv_accel_payload, pv_accel_payload_end
pv_accel_payload:
        .code16
        cli
        lgdtl   %cs:(table_pointer - pv_accel_payload)
        movl    %cr0, %eax
        orb     $1, %al
        movl    %eax, %cr0
        ljmpl   $8, $(ROM_BASE + protected - pv_accel_payload)

        .code32
protected:
        movl    $16, %eax
        movl    %eax, %ds
        movl    %eax, %es
        movl    %eax, %ss
        movl    $ROUNDS, %ecx
        xorl    %edi, %edi
1:      addl    %ecx, RAM_AT(%edi)
        addl    $4, %edi
        andl    $RAM_MASK, %edi
        decl    %ecx
        jnz     1b
        movl    $EXIT_VALUE, %eax
        movw    $EXIT_PORT, %dx
        outl    %eax, %dx
2:      hlt
        jmp     2b

        .balign 8
table:
        .quad   0                       /* no segment */
        .quad   0x00cf9b000000ffff      /* code: flat, 4 GiB, 32-bit */
        .quad   0x00cf93000000ffff      /* data: likewise */
table_pointer:
        .word   table_pointer - table - 1
        .long   ROM_BASE + table - pv_accel_payload
pv_accel_payload_end:

        .section .note.GNU-stack, "", %progbits
