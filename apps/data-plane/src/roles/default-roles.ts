/** The roles that every new tenant starts with. */
export const DEFAULT_ROLES = [
  { name: 'admin', description: 'Everything, members and billing included', permissions: ['*'] },
  {
    name: 'member',
    description: 'Works on projects and documents',
    permissions: ['projects:read', 'projects:write'],
  },
  { name: 'billing', description: 'Sees usage and pays', permissions: ['billing:read', 'billing:write'] },
  { name: 'read-only', description: 'Sees projects and documents', permissions: ['projects:read'] },
] as const;
