-- As pg_dump --format=plain writes it.
COPY event.application (application__id, organization__id, name, created_at, deleted_at) FROM stdin;
11111111-1111-4111-8111-111111111111	22222222-2222-4222-8222-222222222222	Old shop	2024-01-01	\N
33333333-3333-4333-8333-333333333333	22222222-2222-4222-8222-222222222222	Gone	2024-01-01	2024-02-01
\.
COPY event.event_type (application__id, service__name, resource_type__name, verb__name, deactivated_at) FROM stdin;
11111111-1111-4111-8111-111111111111	billing	invoice	paid	\N
11111111-1111-4111-8111-111111111111	billing	invoice	old	2024-02-01
33333333-3333-4333-8333-333333333333	billing	invoice	paid	\N
\.
COPY webhook.subscription (subscription__id, application__id, is_enabled, description, secret, metadata, labels, target__id, deleted_at) FROM stdin;
44444444-4444-4444-8444-444444444444	11111111-1111-4111-8111-111111111111	t	To\tone\nand all	55555555-5555-4555-8555-555555555555	{}	{"tenant": "42"}	66666666-6666-4666-8666-666666666666	\N
77777777-7777-4777-8777-777777777777	11111111-1111-4111-8111-111111111111	f	\N	55555555-5555-4555-8555-555555555555	{"team": "a"}	{"tenant": "43"}	88888888-8888-4888-8888-888888888888	\N
99999999-9999-4999-8999-999999999999	11111111-1111-4111-8111-111111111111	t	deleted	55555555-5555-4555-8555-555555555555	{}	{}	88888888-8888-4888-8888-888888888888	2024-02-02
\.
COPY webhook.subscription__event_type (subscription__id, event_type__name) FROM stdin;
44444444-4444-4444-8444-444444444444	billing.invoice.paid
77777777-7777-4777-8777-777777777777	billing.invoice.paid
\.
COPY webhook.target_http (target__id, method, url, headers) FROM stdin;
66666666-6666-4666-8666-666666666666	POST	http://127.0.0.1:9/one	{"x-key": "value"}
88888888-8888-4888-8888-888888888888	PUT	http://127.0.0.1:9/two	{}
\.
