// What a package may and must hold. Each function returns what is wrong, a line each.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const allowed = [
  /^(LICENSE|README\.md|CHANGELOG\.md|CONTRIBUTING\.md|package\.json|CMakeLists\.txt)$/,
  /^bin\/rownet\.mjs$/,
  /^dist\/[\w/-]+\.(js|d\.ts)$/,
  /^dist\/cli\/help\.txt$/,
  /^docs\/(decisions\/|guides\/)?[\w-]+\.(md|svg|json)$/,
  /^examples\/[\w-]+\.(md|mjs)$/,
  /^lib\/web\/assets\/[\w-]+\.(html|css|svg)$/,
  /^native\/(README\.md|old_libraries\.h|bindings\/\w+\.(cpp|h)|core\/((isa|lanes|layers|losses|rows|updates)\/)?\w+\.(cpp|h|inc))$/,
  /^prebuilds\/(linux|darwin)-(x64|arm64)(-glibc|-musl)?\/rownet\.node$/,
  /^scripts\/(install|try-addon)\.mjs$/,
];
const largestText = 64_000;
const largestAddon = 2_100_000;
const largestPackage = 1_700_000;

const forbidden = [
  [/sourceMappingURL=/, 'a source map'],
  [/-----BEGIN [A-Z ]*PRIVATE KEY|npm_[A-Za-z0-9]{36}|_authToken|AKIA[0-9A-Z]{16}/, 'a secret'],
];

/** The files below a folder, as paths with slashes. */
function filesOf(folder) {
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((path) => statSync(join(folder, path)).isFile())
    .sort();
}

/**
 * @param {string} unpacked the package's folder
 * @param {number} packedSize bytes of the tarball
 * @param {string[]} tracked files of the repository
 * @param {string} buildFolder where it was packed: no file may name it
 */
export function checkContents(unpacked, packedSize, tracked, buildFolder) {
  const files = filesOf(unpacked);
  const wrong = [];
  for (const path of files) {
    if (!allowed.some((pattern) => pattern.test(path))) wrong.push(`${path}: unexpected`);
    const content = readFileSync(join(unpacked, path), 'latin1');
    const limit = path.endsWith('.node') ? largestAddon : largestText;
    if (content.length > limit) wrong.push(`${path}: ${content.length} bytes, expected at most ${limit}`);
    for (const [pattern, what] of forbidden) if (pattern.test(content)) wrong.push(`${path}: holds ${what}`);
    if (content.includes(buildFolder)) wrong.push(`${path}: names ${buildFolder}, where it was built`);
    const source = path.replace(/^dist\/(.*?)(\.d\.ts|\.js)$/, 'lib/$1.ts');
    if (source !== path && !tracked.includes(source)) wrong.push(`${path}: ${source} is not there`);
  }
  const needed = tracked.filter(
    (path) =>
      /^(native\/|bin\/|CMakeLists\.txt|LICENSE|README\.md)/.test(path) &&
      !path.startsWith('native/core/reference/'),
  );
  for (const path of needed) if (!files.includes(path)) wrong.push(`${path}: missing`);
  if (packedSize > largestPackage) {
    wrong.push(`the tarball has ${packedSize} bytes, expected at most ${largestPackage}`);
  }
  return wrong;
}

/** What official builds of Node 20 ask for, or what came with it: an addon may ask for no more. */
const newest = { GLIBC: [2, 28], GLIBCXX: [3, 4, 25], CXXABI: [1, 3, 11], GCC: [7, 0, 0] };

/** The newest version of each library that an addon asks for, such as `GLIBC_2.16`, and what is wrong with them. */
export function checkDemands(addon) {
  const text = readFileSync(addon, 'latin1');
  const demands = [];
  const wrong = [];
  for (const [library, limit] of Object.entries(newest)) {
    const versions = [...text.matchAll(new RegExp(`\\0${library}_(\\d+(?:\\.\\d+)*)(?=\\0)`, 'g'))]
      .map(([, version]) => version.split('.').map(Number))
      .sort(compareVersions);
    const highest = versions.at(-1);
    if (highest === undefined) continue;
    demands.push(`${library}_${highest.join('.')}`);
    if (compareVersions(highest, limit) > 0) {
      wrong.push(`${addon}: asks for ${demands.at(-1)}, expected at most ${library}_${limit.join('.')}`);
    }
  }
  if (demands.length === 0) wrong.push(`${addon}: no demands on the C library were found`);
  return { demands, wrong };
}

function compareVersions(a, b) {
  for (let i = 0; i < Math.max(a.length, b.length); ++i) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

// MPL-2.0 asks something only of who changes its files; @resvg/resvg-js is used as it comes.
const licences = [
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
  'MPL-2.0',
  'OFL-1.1',
];

/** Whether an SPDX expression of ids, AND, OR and parentheses allows the use. */
export function isAllowedLicence(expression) {
  const alternatives = String(expression).replace(/[()]/g, '').split(' OR ');
  return alternatives.some((all) => all.split(' AND ').every((id) => licences.includes(id)));
}

/** The licence of each package installed in a folder, the project itself left out. */
export function checkLicences(folder) {
  const lock = JSON.parse(readFileSync(join(folder, 'node_modules', '.package-lock.json'), 'utf8'));
  const lines = [];
  const wrong = [];
  for (const path of Object.keys(lock.packages)) {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, path, 'package.json'), 'utf8'));
    if (name === 'rownet') continue;
    lines.push(`${name} ${version}: ${license}`);
    if (!isAllowedLicence(license)) wrong.push(`${name} ${version}: licence ${license} is not on the list`);
  }
  return { lines, wrong };
}
