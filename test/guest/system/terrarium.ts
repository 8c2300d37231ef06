/** The same images on Terrarium's PC; the transcript comes out of COM1. */

export function terrariumTranscript(_floppy: Uint8Array): string[] {
  throw new Error('the PC is not connected to the system tests yet');
}
