import * as fc from 'fast-check';
import { describe, test } from 'vitest';
import {
  CLOCK_SKEW_MS,
  type Doubt,
  type PostRequest,
  type PublishState,
  type TimelineEntry,
  findAlike,
  findOurs,
  isRendering,
} from '../src/core/index.ts';
import { SECOND, T0, imageRequest, requestOf } from './fixtures.ts';

/** A piece of a text, and how X shows it. */
type Piece = { sent: string; shown: string };

const plain = fc
  .oneof(
    fc.constantFrom(
      'a.b*c',
      '(x|y)',
      '[z]+',
      '^$',
      '\\d',
      '{2}',
      '?!',
      '&amp;',
      '&lt;',
      'a&b',
      '<b>',
      '👩‍👩‍👧‍👦',
      '🇩🇪',
      'né',
      'ne\u0301',
      '日本',
      '#tag',
      '@ada',
      '$1',
      '\u00a0',
    ),
    fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme' }).filter((text) => !/[\s/]|t\.co/.test(text)),
  )
  .map((sent): Piece => ({ sent, shown: escaped(sent) }));
const link = fc
  .record({
    url: fc.constantFrom(
      'https://example.com/a?b=c&d=e',
      'http://x.org',
      'example.com',
      'https://t.co/abcdefghij',
      'https://ex.am/ple.(1)',
    ),
    id: fc.stringMatching(/^[A-Za-z0-9]{10}$/),
  })
  .map(({ url, id }): Piece => ({ sent: url, shown: `https://t.co/${id}` }));
const gap = fc.constantFrom(' ', '  ', '\n', '\n\n');
const text = fc
  .array(fc.tuple(fc.oneof({ weight: 4, arbitrary: plain }, { weight: 1, arbitrary: link }), gap), {
    minLength: 1,
    maxLength: 12,
  })
  .map((pieces) => ({
    sent: pieces.map(([{ sent }, between]) => sent + between).join(''),
    shown: pieces
      .map(([{ shown }, between]) => shown + between)
      .join('')
      .trim(),
  }))
  // X shows no text that it would not take.
  .filter(({ sent }) => sent.trim() !== '');
const mediaLink = 'https://t.co/MediaLink1';

function escaped(sent: string): string {
  return sent.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

describe('a text as X shows it', () => {
  test('is known, whatever it is made of', ({ expect }) => {
    fc.assert(
      fc.property(text, ({ sent, shown }) => {
        expect(isRendering(shown, sent)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  test('is known with the link of its media behind it', ({ expect }) => {
    fc.assert(
      fc.property(text, ({ sent, shown }) => {
        expect(isRendering(`${shown} ${mediaLink}`, sent)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
    expect(isRendering(mediaLink, '')).toBe(true);
  });

  test('is known however its accents are written', ({ expect }) => {
    fc.assert(
      fc.property(text, ({ sent, shown }) => {
        expect(isRendering(shown.normalize('NFD'), sent.normalize('NFC'))).toBe(true);
        expect(isRendering(shown.normalize('NFC'), sent.normalize('NFD'))).toBe(true);
      }),
    );
  });

  test('is not taken for another with one word more or less', ({ expect }) => {
    fc.assert(
      fc.property(text, ({ sent, shown }) => {
        expect(isRendering(`${shown} more`, sent)).toBe(false);
        expect(isRendering(shown, `${sent.trim()} more`)).toBe(false);
        expect(isRendering(`more ${shown}`, sent)).toBe(false);
        expect(isRendering(shown, `more ${sent}`)).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });

  test.for([
    ['a link is one word, not two', 'see https://t.co/abc end', 'see this word end', false],
    ['a link stands for something', 'see https://t.co/abc', 'see', true], // that of the media
    ['a link in the middle stands for something', 'see https://t.co/abc end', 'see  end', false],
    ['a pattern is a text', 'aab', 'a+b', false],
    ['a dot is a dot', 'axb', 'a.b', false],
    ['case counts', 'Hello', 'hello', false],
    ['what looks escaped is shown escaped twice', '&amp;lt;', '&lt;', true],
    ['and is not what it looks like', '&lt;', '&lt;', false],
    ['lines count', 'a b', 'a\nb', false],
    ['two links', 'https://t.co/a https://t.co/b', 'x.org y.org', true],
    ['two links and the media', 'https://t.co/a https://t.co/b https://t.co/c', 'x.org y.org', true],
    [
      'no more links than words',
      'https://t.co/a https://t.co/b https://t.co/c https://t.co/d',
      'x.org y.org',
      false,
    ],
  ] as const)('%s', ([, shown, sent, is], { expect }) => {
    expect(isRendering(shown, sent)).toBe(is);
  });
});

describe('a post on the timeline', () => {
  const open: Doubt = {
    cause: 'no_answer',
    reason: 'r',
    since: T0,
    deadline: T0,
    lookAts: [T0],
    duplicate: false,
  };
  const entry = (patch: Partial<TimelineEntry>): TimelineEntry => ({
    id: '9',
    text: 'hello',
    mediaKeys: [],
    createdAt: T0,
    ...patch,
  });
  const find = (
    request: PostRequest,
    entries: Partial<TimelineEntry>[],
    publish: Partial<PublishState> = {},
  ): string | null =>
    findOurs(request, { doubt: open, sought: [], forgottenSince: null, ...publish }, entries.map(entry))
      ?.id ?? null;
  const textPost = requestOf();
  const twoImages = requestOf({ media: [imageRequest(), imageRequest()] });
  const sought = [['3_1', '3_2'], ['7_8']];

  test('is known by all media keys of one create, in any order and behind any prefix', ({ expect }) => {
    expect(find(twoImages, [{ mediaKeys: ['3_2', '3_1'] }], { sought })).toBe('9');
    expect(find(twoImages, [{ mediaKeys: ['13_1', '16_2'] }], { sought })).toBe('9');
    expect(find(twoImages, [{ mediaKeys: ['3_8'] }], { sought })).toBe('9');
    expect(find(twoImages, [{ mediaKeys: ['3_1'] }], { sought })).toBeNull();
    expect(find(twoImages, [{ mediaKeys: ['3_11', '3_22'] }], { sought })).toBeNull();
    expect(find(twoImages, [{ mediaKeys: ['1_3', '2_3'] }], { sought })).toBeNull();
  });

  test('is known by the media id where X gave no key', ({ expect }) => {
    expect(find(twoImages, [{ mediaKeys: ['3_1', '3_2'] }], { sought: [['1', '2']] })).toBe('9');
  });

  test('with media is not known by its text, as long as the keys are known', ({ expect }) => {
    const same = [{ mediaKeys: ['3_5', '3_6'] }];
    expect(find(twoImages, same, { sought })).toBeNull();
    expect(find(twoImages, same, { sought, forgottenSince: T0 })).toBe('9');
    expect(find(twoImages, same, { sought, doubt: { ...open, cause: 'restart' } })).toBe('9');
    const silent = requestOf({ ...twoImages, text: ' \n' });
    const blank = [{ mediaKeys: ['3_5', '3_6'], text: mediaLink }];
    expect(find(silent, blank, { forgottenSince: T0 })).toBeNull();
  });

  test('is known by its keys before another is by its text', ({ expect }) => {
    const entries = [
      { id: '7', mediaKeys: ['3_5', '3_6'] },
      { id: '8', mediaKeys: ['3_1', '3_2'], text: 'edited' },
    ];
    expect(find(twoImages, entries, { sought, forgottenSince: T0 })).toBe('8');
  });

  test('without media is known by its text, and not with media', ({ expect }) => {
    expect(find(textPost, [{ id: '1', text: 'other' }, { id: '2', mediaKeys: ['3_1'] }, { id: '3' }])).toBe(
      '3',
    );
    expect(find(textPost, [{ text: `hello ${mediaLink}`, mediaKeys: ['3_1'] }])).toBeNull();
  });

  test('that is older is another, but for what clocks may differ by', ({ expect }) => {
    const oldest = T0 - CLOCK_SKEW_MS;
    for (const [createdAt, found] of [
      [oldest - 1, null],
      [oldest, '9'],
      [T0 + 900 * SECOND, '9'],
    ] as const) {
      expect(find(textPost, [{ createdAt }])).toBe(found);
      expect(find(twoImages, [{ createdAt, mediaKeys: ['3_1', '3_2'] }], { sought })).toBe(found);
    }
  });

  test('that answers another has names in front of it', ({ expect }) => {
    const reply = (words: string) => requestOf({ text: words, options: { inReplyToPostId: '5' } });
    expect(find(reply('hello'), [{ text: '@ada @bob hello' }])).toBe('9');
    expect(find(reply('@bob hello'), [{ text: '@ada @bob hello' }])).toBe('9');
    expect(find(reply('hello @ada'), [{ text: '@bob hello' }])).toBeNull();
    expect(find(textPost, [{ text: '@ada hello' }])).toBeNull();
  });

  test('that cannot be told from another is known only to be alike', ({ expect }) => {
    const alike = (
      request: PostRequest,
      patch: Partial<TimelineEntry>,
      publish: Partial<PublishState> = {},
    ) => findAlike(request, { doubt: open, forgottenSince: T0, ...publish }, [entry(patch)])?.id ?? null;
    const silent = requestOf({ ...twoImages, text: ' \n' });
    const blank = { mediaKeys: ['3_5', '3_6'], text: mediaLink };
    expect(alike(silent, blank)).toBe('9');
    expect(alike(silent, { ...blank, text: '' })).toBe('9');
    expect(alike(silent, { ...blank, text: 'hello' })).toBeNull();
    const reply = { ...silent, options: { inReplyToPostId: '5' } };
    expect(alike(reply, { ...blank, text: `@ada ${mediaLink}` })).toBe('9');
    expect(alike(silent, { ...blank, mediaKeys: ['3_5'] })).toBeNull();
    expect(alike(silent, { ...blank, createdAt: T0 - CLOCK_SKEW_MS - 1 })).toBeNull();
    expect(alike(silent, blank, { forgottenSince: null })).toBeNull();
    expect(alike(silent, blank, { doubt: null })).toBeNull();
    expect(alike(twoImages, { ...blank, text: 'hello' })).toBeNull();
    expect(alike(requestOf({ text: '' }), { text: '' })).toBeNull();
  });

  test('is looked for only in doubt', ({ expect }) => {
    expect(find(textPost, [{}], { doubt: null })).toBeNull();
  });
});
