type Parts = Readonly<Record<string, Readonly<Record<string, object>>>>;

/** Those parts of `#/components` that `root` refers to, or that a part does which is referred to itself. */
export function pruned(components: Parts, root: object): Parts {
  const used = new Set<string>();
  const left: object[] = [root];
  for (let from = left.pop(); from !== undefined; from = left.pop()) {
    for (const [, kind = "", name = ""] of JSON.stringify(from).matchAll(/"#\/components\/(\w+)\/([\w-]+)"/g)) {
      const part = components[kind]?.[name];
      if (part === undefined || used.has(`${kind}/${name}`)) continue;
      used.add(`${kind}/${name}`);
      left.push(part);
    }
  }
  return Object.fromEntries(
    Object.entries(components).map(([kind, parts]) => [
      kind,
      Object.fromEntries(Object.entries(parts).filter(([name]) => used.has(`${kind}/${name}`))),
    ]),
  );
}
