import { hash } from 'node:crypto';
import { crc32, deflateSync } from 'node:zlib';

/** A valid PNG of one colour; its size grows with its sides. */
export function makePng(side = 8): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const rows = Buffer.alloc(side * (1 + side * 3), 0x7f);
  for (let row = 0; row < side; row += 1) rows[row * (1 + side * 3)] = 0;
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    pngChunk('IHDR', header),
    pngChunk('IDAT', deflateSync(rows)),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

/** The start of an MP4 followed by boxes of bytes that follow from `seed`: enough for whoever looks at the first bytes. */
export function makeMp4(totalBytes = 100_000, seed = 1): Buffer {
  const ftyp = box('ftyp', Buffer.from('isom\0\0\x02\0isomiso2mp41', 'latin1'));
  const moov = box('moov', Buffer.alloc(64));
  const content = Buffer.alloc(totalBytes - ftyp.length - moov.length - 8);
  for (let at = 0, state = seed; at < content.length; at += 1) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    content[at] = state >> 16;
  }
  return Buffer.concat([ftyp, moov, box('mdat', content)]);
}

export function makeGif(): Buffer {
  return Buffer.from(
    '47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b',
    'hex',
  );
}

export function makeSrt(): Buffer {
  return Buffer.from('1\n00:00:00,000 --> 00:00:01,000\nHello\n');
}

export function sha256(bytes: Buffer): string {
  return hash('sha256', bytes);
}

function box(type: string, content: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + content.length, 0);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, content]);
}

function pngChunk(type: string, data: Buffer): Buffer {
  const chunk = Buffer.alloc(12 + data.length);
  chunk.writeUInt32BE(data.length, 0);
  chunk.write(type, 4, 'latin1');
  data.copy(chunk, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + data.length)), 8 + data.length);
  return chunk;
}
