COPY public.application (id, created_at, updated_at, rate_limit, uid, org_id, deleted, name) FROM stdin;
app_1	2024-01-01	2024-01-01	\N	acme	org_1	f	Acme
app_2	2024-01-01	2024-01-01	\N	\N	org_1	t	Gone
\.
COPY public.endpoint (id, created_at, updated_at, app_id, key, url, description, event_types_ids, version, rate_limit, deleted, disabled, uid, channels, headers) FROM stdin;
ep_1	2024-01-01	2024-01-01	app_1	\\x00	http://127.0.0.1:9/svix	Main	["invoice.paid", "a.b.c.d"]	1	5	f	f	main	\N	{"X-Tenant": "acme"}
ep_2	2024-01-01	2024-01-01	app_1	\\x00	http://127.0.0.1:9/all		\N	1	\N	f	t	\N	["projects"]	\N
ep_3	2024-01-01	2024-01-01	app_1	\\x00	http://127.0.0.1:9/gone		\N	1	\N	t	f	\N	\N	\N
\.
COPY public.eventtype (id, created_at, updated_at, org_id, description, deleted, schemas, name) FROM stdin;
t_1	2024-01-01	2024-01-01	org_1	Paid	f	{"1": {"type": "object"}, "2": {"type": "object", "required": ["id"]}}	invoice.paid
t_2	2024-01-01	2024-01-01	org_1	Four	f	\N	a.b.c.d
t_3	2024-01-01	2024-01-01	org_1	Gone	t	\N	old.type
\.
