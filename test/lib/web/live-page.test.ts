/** The live page as the training and a page's program see it: calls on one side, events and actions on the other. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LeNet5 } from '../../../lib/nets/lenet5.js';
import type { EpochRecord, Progress } from '../../../lib/training/epoch-record.js';
import { Trainer } from '../../../lib/training/trainer.js';
import '../../../lib/live.js';
import { LivePage } from '../../../lib/web/live-page.js';
import { randomImages } from '../../support/random-data.js';

const data = {
  ...randomImages(256, [1, 32, 32], 10, 5),
  name: 'random',
  classes: 10,
  shape: [1, 32, 32] as const,
};

interface Event {
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: events are looked at field by field
  readonly data: any;
}

let page: LivePage;
let url: string;
const viewers: AbortController[] = [];
beforeEach(async () => {
  page = new LivePage({
    onListen: () => {},
    runs: async () => [{ name: 'earlier', epochs: [] }],
  });
  url = await page.listen();
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const viewer of viewers.splice(0)) viewer.abort();
  await page.close();
});

/** An open page: its events so far, growing. */
async function open(): Promise<Event[]> {
  const controller = new AbortController();
  viewers.push(controller);
  const events: Event[] = [];
  const opened = page.viewersChange();
  const response = await fetch(`${url}events`, { signal: controller.signal });
  const reader = (response.body as ReadableStream<Uint8Array>)
    .pipeThrough(new TextDecoderStream())
    .getReader();
  void (async () => {
    let rest = '';
    for (;;) {
      const { value, done } = await reader.read().catch(() => ({ value: undefined, done: true }));
      if (done) return;
      rest += value ?? '';
      for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
        const [, name, text] = /^event: (\w+)\ndata: (.*)$/s.exec(rest.slice(0, end)) ?? [];
        if (name !== undefined) events.push({ name, data: JSON.parse(text) });
        rest = rest.slice(end + 2);
      }
    }
  })();
  await opened;
  await until(() => events.length > 0);
  return events;
}

async function until(condition: () => boolean): Promise<void> {
  for (let wait = 0; !condition(); wait += 1) {
    if (wait > 2000) throw new Error('expected it to come true');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function control(
  action: string,
  value?: unknown,
): Promise<{ status: number; body: { error?: string } }> {
  const html = await (await fetch(url)).text();
  const token = /name="rownet-token" content="([^"]+)"/.exec(html)?.[1] ?? '';
  const response = await fetch(`${url}control`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-rownet-token': token, origin: url.slice(0, -1) },
    body: JSON.stringify({ action, value }),
  });
  return { status: response.status, body: (await response.json()) as { error?: string } };
}

const recipe = { batchSize: 16, lr: 0.01 };
const newTrainer = () => new Trainer(new LeNet5({ seed: 1 }), { ...recipe, seed: 1, live: page });

describe('a training', () => {
  it('nobody looks at is not asked to wait, and is shown whole to who comes later', async () => {
    const trainer = newTrainer();
    for await (const _ of trainer.fit(data, { epochs: 2, validation: data })) expect(page.due()).toBe(false);
    const events = await open();
    const [{ name, data: hello }] = events;
    expect(name).toBe('hello');
    expect(hello).toMatchObject({
      state: 'finished',
      progress: { epoch: 2, step: 16, steps: 16, images: 256 },
      facts: {
        title: 'LeNet5, recipe fast, random, seed 1',
        epochs: 2,
        engine: 'lanes',
        testImages: 256,
        steps: 16,
        stepsPerSample: 1,
        articleImages: 256,
      },
      epochs: [{ epoch: 1 }, { epoch: 2 }],
    });
    expect(hello.samples).toHaveLength(32);
    expect(hello.samples.map((sample: number[]) => sample[0])).toEqual(
      Array.from({ length: 32 }, (_, i) => (i + 1) / 16),
    );
    // Means between samples: together they are the epoch's.
    const second = hello.samples.slice(16).map((sample: number[]) => sample[1]);
    const mean = second.reduce((a: number, b: number) => a + b, 0) / 16;
    expect(mean).toBeCloseTo(hello.epochs[1].loss, 5);
    expect(hello.confusion.flat().reduce((a: number, b: number) => a + b, 0)).toBe(256);
    expect(hello.mistakes.length).toBe(12);
    for (const { label, predicted, index } of hello.mistakes) {
      expect(label).toBe(data.labels[index]);
      expect(predicted).not.toBe(label);
    }
  });

  it('shows pictures of three channels in their colours', async () => {
    const shape = [3, 32, 32] as const;
    const colours = { ...randomImages(40, [...shape], 10, 5), name: 'colours', classes: 10, shape };
    const trainer = new Trainer(new LeNet5({ channels: 3, seed: 1 }), { batchSize: 20, live: page });
    for await (const _ of trainer.fit(colours, { validation: colours, epochs: 1 })) {
      // To the end.
    }
    const events = await open();
    await vi.waitFor(() => expect(events.map(({ name }) => name)).toContain('pictures'));
    const planesOf = (index: number) => [...colours.images.subarray(3072 * index, 3072 * (index + 1))];
    const { mistakes } = events[0].data;
    for (const { index, bytes } of mistakes)
      expect([...Buffer.from(bytes, 'base64')]).toEqual(planesOf(index));
    expect(mistakes.length).toBeGreaterThan(4);
    const { digit, filters } = events.find(({ name }) => name === 'pictures')?.data ?? {};
    expect([...Buffer.from(digit.bytes, 'base64')]).toEqual(planesOf(digit.index));
    expect(filters.layer).toBe('6 filters of 5x5, of each the first of 3 channels');
  });

  it('of many steps is shown by means of several, of an epoch at most', async () => {
    const sampled = async (epochs: number) => {
      const trainer = new Trainer(new LeNet5({ seed: 1 }), { batchSize: 2, lr: 1e-4, seed: 1, live: page });
      const records = trainer.fit(data, { epochs });
      await records.next();
      const { facts, samples } = (await open())[0].data;
      await records.return();
      return [facts.steps, facts.stepsPerSample, samples.length];
    };
    // 128 steps an epoch; 400 points in all.
    expect(await sampled(5)).toEqual([128, 2, 64]);
    expect(await sampled(1000)).toEqual([128, 128, 65]);
  });

  it('is shown while it runs: filters and maps change', async () => {
    const events = await open();
    expect(events[0].data).toMatchObject({ state: 'waiting', facts: null });
    // Long enough for several pictures.
    await control('speed', 50);
    for await (const _ of newTrainer().fit(data, { epochs: 3, validation: data }));
    await until(() => events.some(({ data: { state } }) => state === 'finished'));
    const names = events.map(({ name }) => name);
    expect(names.filter((name) => name === 'epoch')).toHaveLength(3);
    const pictures = events.filter(({ name }) => name === 'pictures').map((event) => event.data);
    expect(pictures.length).toBeGreaterThan(2);
    expect(pictures[0].filters).toMatchObject({ name: 'conv1', count: 6, height: 5, width: 5, signed: true });
    expect(
      pictures[0].digit.maps.map(({ name, count }: { name: string; count: number }) => [name, count]),
    ).toEqual([
      ['relu1', 6],
      ['relu2', 16],
    ]);
    expect(pictures.at(-1).filters.bytes).not.toBe(pictures[0].filters.bytes);
    const samples = events.filter(({ name }) => name === 'progress').flatMap((event) => event.data.samples);
    expect(samples).toHaveLength(48);
  });

  it('gives the same bits, watched or not', async () => {
    await open();
    const watched = newTrainer();
    for await (const _ of watched.fit(data, { epochs: 2, validation: data }));
    const alone = new Trainer(new LeNet5({ seed: 1 }), { ...recipe, seed: 1 });
    for await (const _ of alone.fit(data, { epochs: 2, validation: data }));
    expect(watched.net.arena).toEqual(alone.net.arena);
  });

  it('waits while it is paused, and goes on when the page is closed', async () => {
    const events = await open();
    // Slow enough that it is not over before it is paused.
    await control('speed', 50);
    let steps = 0;
    const trainer = newTrainer();
    const run = (async () => {
      for await (const _ of trainer.fit(data, { epochs: 2, onProgress: () => (steps += 1) }));
    })();
    await until(() => steps > 0);
    await control('pause');
    await until(() => events.some(({ name, data: { state } }) => name === 'standing' && state === 'paused'));
    await new Promise((resolve) => setTimeout(resolve, 30));
    const before = steps;
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(steps).toBe(before);
    expect(before).toBeLessThan(32);
    for (const viewer of viewers.splice(0)) viewer.abort();
    await run;
    expect(steps).toBe(32);
  });

  it('does not count what the page makes it wait', async () => {
    const events = await open();
    await control('speed', 200);
    // A clock on which each turn of the event loop takes ten seconds, and a step a quarter of one.
    let clock = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => clock);
    const turns = setInterval(() => (clock += 10_000), 1);
    const trainer = newTrainer();
    const before = page.secondsHeld;
    let steps = 0;
    const seen: number[] = [];
    const records: EpochRecord[] = [];
    const run = (async () => {
      const onProgress = ({ imagesPerSecond }: Progress) => {
        steps += 1;
        clock += 250;
        seen.push(imagesPerSecond, trainer.state().partialEpoch?.seconds ?? Number.NaN);
      };
      for await (const record of trainer.fit(data, { epochs: 2, validation: data, onProgress }))
        records.push(record);
    })();
    await until(() => steps > 0);
    await control('pause');
    await until(() => events.some(({ name, data: { state } }) => name === 'standing' && state === 'paused'));
    await control('resume');
    await run;
    clearInterval(turns);
    expect(clock).toBeGreaterThan(60_000);
    expect(records.map(({ seconds }) => seconds)).toEqual([4, 4]);
    expect(records.map(({ imagesPerSecond }) => imagesPerSecond)).toEqual([64, 64]);
    // Step k of an epoch: k * 16 images in the quarters of the steps before it.
    const quarters = Array.from({ length: 16 }, (_, k) => k / 4);
    const expected = quarters.flatMap((seconds, k) => [(16 * (k + 1)) / seconds, seconds]);
    expect(seen).toEqual([...expected, ...expected]);
    expect(page.secondsHeld - before).toBeGreaterThan(10);
  });

  it('runs as slow as the page asks for', async () => {
    await open();
    await control('speed', 10);
    let steps = 0;
    const stop = new AbortController();
    const trainer = newTrainer();
    const run = (async () => {
      for await (const _ of trainer.fit(data, {
        epochs: 50,
        signal: stop.signal,
        onProgress: () => (steps += 1),
      }));
    })();
    const started = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    stop.abort();
    await run;
    expect(steps).toBeGreaterThan(0);
    // On a busy machine a second is longer.
    expect(steps).toBeLessThan((10 * (performance.now() - started)) / 1000 + 6);
  });

  it('that diverges says so', async () => {
    const events = await open();
    const trainer = new Trainer(new LeNet5({ seed: 1 }), {
      recipe: 'fast',
      lr: 1e6,
      batchSize: 16,
      live: page,
    });
    await expect(trainer.fit(data, { epochs: 2 }).next()).rejects.toThrow('finite');
    await until(() => events.some(({ data: { state } }) => state === 'diverged'));
  });
});

describe('actions', () => {
  it('choose another image', async () => {
    for await (const _ of newTrainer().fit(data, { epochs: 1, validation: data }));
    const events = await open();
    await control('digit', 7);
    await until(() => events.some(({ name, data: { digit } }) => name === 'pictures' && digit.index === 7));
    const { label } = events.findLast(({ name }) => name === 'pictures')?.data.digit ?? {};
    expect(label).toBe(data.labels[7]);
  });

  it.each([
    ['nothing', undefined, 'control: action: expected pause, resume, speed or digit but received nothing'],
    ['speed', 3, 'control: speed: expected null, 200, 50, 10 or 2 but received 3'],
    ['speed', undefined, 'control: speed: expected'],
    ['digit', -1, 'control: digit: expected an index below 0 but received -1'],
    ['digit', 1.5, 'control: digit: expected an index below 0 but received 1.5'],
    ['digit', '1', 'control: digit: expected an index below 0 but received 1'],
  ])('refuse %s %j', async (action, value, message) => {
    const { status, body } = await control(action, value);
    expect(status).toBe(400);
    expect(body.error).toContain(message);
  });
});

it('offers finished runs to compare with', async () => {
  expect(await (await fetch(`${url}runs`)).json()).toEqual({ runs: [{ name: 'earlier', epochs: [] }] });
});

it('live: true writes the address to stderr', async () => {
  const written: string[] = [];
  const { write } = process.stderr;
  process.stderr.write = (text: string | Uint8Array) => {
    written.push(String(text));
    return true;
  };
  try {
    const trainer = new Trainer(new LeNet5(), { ...recipe, live: true });
    for await (const _ of trainer.fit(data, { epochs: 1 }));
  } finally {
    process.stderr.write = write;
  }
  expect(written.join('')).toMatch(/^Live page: http:\/\/127\.0\.0\.1:\d+\/\n$/);
});
