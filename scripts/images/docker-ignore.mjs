import path from 'node:path';

/**
 * What a .dockerignore leaves out of the files that a build may see: the last pattern counts that matches the file or a folder above it.
 *
 * @param {string} text the file.
 * @returns {(file: string) => boolean} whether a file, named from the root, is left out.
 */
export function ignoredBy(text) {
  const patterns = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ readmitted: line.startsWith('!'), pattern: line.replace(/^!?\/?/, '') }));
  return (file) => {
    const paths = file.split('/').map((_, index, parts) => parts.slice(0, index + 1).join('/'));
    const last = patterns.findLast(({ pattern }) => paths.some((one) => path.matchesGlob(one, pattern)));
    return last !== undefined && !last.readmitted;
  };
}
