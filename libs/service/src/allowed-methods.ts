interface RouteLayer {
  readonly route?: { readonly methods: Readonly<Record<string, boolean>> };
  match(path: string): boolean;
}

/** The part of an Express application that knows its routes. */
export interface RoutedApplication {
  readonly router?: { readonly stack: readonly RouteLayer[] };
}

/** The methods with which some route answers this path, in capitals; empty when there is no such path. */
export function allowedMethods(application: RoutedApplication, path: string): string[] {
  const methods = new Set<string>();
  for (const layer of application.router?.stack ?? []) {
    if (!layer.route || !layer.match(path)) continue;
    for (const method of Object.keys(layer.route.methods)) methods.add(method.toUpperCase());
  }
  if (methods.has('GET')) methods.add('HEAD');
  return [...methods].sort();
}
