// A web service that says what a picture shows: POST a PNG or JPEG, get JSON.
// After `npx rownet train --out runs/first`: node examples/recognise-service.mjs
import { createServer } from 'node:http';
import { DataError, Recognizer } from 'rownet';

const recognizer = Recognizer.open(process.argv[2] ?? 'runs/first');
const mostBytes = 16 * 2 ** 20;

async function bytesOf(request) {
  const parts = [];
  let length = 0;
  for await (const part of request) {
    length += part.length;
    if (length > mostBytes) throw new DataError(`expected at most ${mostBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

async function answer(request) {
  try {
    const { name, probability, notes } = recognizer.recognise(await bytesOf(request));
    return [200, { name, probability, notes }];
  } catch (error) {
    // What was sent is no picture; anything else is a mistake of the service.
    return [error instanceof DataError ? 400 : 500, { error: error.message }];
  }
}

const server = createServer(async (request, response) => {
  const [status, body] = await answer(request);
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
});
server.listen(process.env.PORT ?? 8000, '127.0.0.1', () =>
  console.log(`curl --data-binary @digit.png http://127.0.0.1:${server.address().port}`),
);
