/**
 * The SMBus host controller of PIIX4 with nothing on the bus: every transaction ends with "no device answered".
 * Intel 290562, section 7.3.
 */
import { bytes, u8 } from '../../state/index.ts';

export const SMBUS_PORT_COUNT = 16;

export const SMBUS_FIELDS = {
  smbStatus: u8({ doc: 'SMBHSTSTS' }),
  smbRegisters: bytes(SMBUS_PORT_COUNT, { doc: 'SMBus registers as written; status is kept apart' }),
};

interface SmbusState {
  smbStatus: number;
  readonly smbRegisters: Uint8Array;
}

const HSTSTS = 0;
const HSTCNT = 2;
const SLVSTS = 1;
const STS_DEV_ERR = 0x04;
const STS_CLEARING = 0x1e;
const CNT_START = 0x40;

export function smbusRead(state: SmbusState, offset: number): number {
  return offset === HSTSTS ? state.smbStatus : offset < SMBUS_PORT_COUNT ? state.smbRegisters[offset] : 0xff;
}

export function smbusWrite(state: SmbusState, offset: number, value: number): void {
  if (offset === HSTSTS) state.smbStatus &= ~(value & STS_CLEARING);
  else if (offset === HSTCNT) {
    state.smbRegisters[offset] = value & 0x1f;
    if (value & CNT_START) state.smbStatus |= STS_DEV_ERR;
  } else if (offset !== SLVSTS && offset < SMBUS_PORT_COUNT) state.smbRegisters[offset] = value;
}
