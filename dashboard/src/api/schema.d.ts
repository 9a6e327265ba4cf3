/** Made from the API's own description (swagger.json) by `npm run dashboard -- types`: don't edit. */

export interface paths {
    "/api/v1/errors/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["errors.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/payload_content_types/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["payload_content_types.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["health.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/instance/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["instance.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/quotas/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["quotas.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/environment_variables": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["environmentVariables.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/register": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["register"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["auth.login"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/one_time": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["auth.oneTime"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["auth.refresh"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["auth.logout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["auth.changePassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/verify-email": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["auth.verifyEmail"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/resend-verification-email": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["auth.resendVerificationEmail"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/begin-reset-password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["auth.beginResetPassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/reset-password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["auth.resetPassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/delete-user": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["auth.deleteUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/email-preferences/unsubscribe-reactivation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["emailPreferences.unsubscribeReactivation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/organizations/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["organizations.list"];
        put?: never;
        post: operations["organizations.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/organizations/{organization_id}/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["organizations.get"];
        put: operations["organizations.edit"];
        post?: never;
        delete: operations["organizations.delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/organizations/{organization_id}/quotas": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put: operations["organizations.editQuotas"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/organizations/{organization_id}/invite": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put: operations["organizations.editRole"];
        post: operations["organizations.invite"];
        delete: operations["organizations.revoke"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/organizations/{organization_id}/operational_application": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["applications.createOperational"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/service_token/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["serviceToken.list"];
        put?: never;
        post: operations["serviceToken.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/service_token/{service_token_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["serviceToken.get"];
        put: operations["serviceToken.edit"];
        post?: never;
        delete: operations["serviceToken.delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/applications/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["applications.list"];
        put?: never;
        post: operations["applications.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/applications/{application_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["applications.get"];
        put: operations["applications.update"];
        post?: never;
        delete: operations["applications.delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/applications/{application_id}/quotas": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put: operations["applications.editQuotas"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/application_secrets/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["applicationSecrets.read"];
        put?: never;
        post: operations["applicationSecrets.create"];
        delete: operations["applicationSecrets.deleteByQuery"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/application_secrets/{application_secret_token}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put: operations["applicationSecrets.update"];
        post?: never;
        delete: operations["applicationSecrets.delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/event_types/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["eventTypes.list"];
        put?: never;
        post: operations["eventTypes.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/event_types/{event_type_name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["eventTypes.get"];
        put?: never;
        post?: never;
        delete: operations["eventTypes.delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/subscriptions/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["subscriptions.list"];
        put?: never;
        post: operations["subscriptions.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/subscriptions/{subscription_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["subscriptions.get"];
        put: operations["subscriptions.update"];
        post?: never;
        delete: operations["subscriptions.delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/subscriptions/{subscription_id}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["subscriptions.pause"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/subscriptions/{subscription_id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["subscriptions.resume"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/subscriptions/{subscription_id}/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["subscriptions.status"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/subscriptions/{subscription_id}/deliveries/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["subscriptions.cancelDeliveries"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/subscriptions/{subscription_id}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["subscriptions.test"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/subscriptions/{subscription_id}/secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["subscriptionSecret.reveal"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/subscriptions/{subscription_id}/secret/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["subscriptionSecret.rotate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/subscriptions/{subscription_id}/secret/previous": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete: operations["subscriptionSecret.endPrevious"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/filters/try": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["filters.try"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/event/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["events.ingest"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/batch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["events.ingestBatch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["events.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/{event_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["events.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/{event_id}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["events.replay"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/{event_id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["events.cancel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/deliveries/{delivery_id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["deliveries.cancel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/{event_id}/deliveries/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["events.cancelDeliveries"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/deliveries/{delivery_id}/skip": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["deliveries.skip"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events_per_day/application": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["events_per_day.list_for_application"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events_per_day/organization": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["events_per_day.list_for_organization"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/request_attempts/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["requestAttempts.read"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/request_attempts/{request_attempt_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["requestAttempts.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/request_attempts/{request_attempt_id}/request": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["requestAttempts.request"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/responses/{response_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["response.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["audit.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead_letters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["deadLetters.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead_letters/groups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["deadLetters.groups"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead_letters/{delivery_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["deadLetters.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/redrives": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["redrives.list"];
        put?: never;
        post: operations["redrives.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/discards": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["discards.list"];
        put?: never;
        post: operations["discards.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/replays": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["replays.list"];
        put?: never;
        post: operations["replays.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead_letters/{delivery_id}/redrive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["deadLetters.redrive"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead_letters/{delivery_id}/discard": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["deadLetters.discard"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/redrives/{job_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["redrives.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/redrives/{job_id}/{action}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["redrives.control"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/discards/{job_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["discards.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/discards/{job_id}/{action}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["discards.control"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/replays/{job_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["replays.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/replays/{job_id}/{action}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["replays.control"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/{event_id}/timeline": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["events.timeline"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rejections": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["rejections.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/overview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["overview.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/subscriptions/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["subscriptions.health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/usage/application": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["usage.application"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/usage/organization": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["usage.organization"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["live.follow"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["search.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["system.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Problem: {
            type: string;
            /** @enum {unknown} */
            id: "OrganizationNameMissing" | "UserAlreadyExist" | "RegistrationDisabled" | "PasswordTooShort" | "PasswordTooLong" | "PasswordSimilarToEmail" | "PasswordSimilarToName" | "PasswordTooCommon" | "PasswordNotDiverseEnough" | "OrganizationIsNotEmpty" | "InvitedUserDoesNotExist" | "InvitedUserAlreadyInOrganization" | "ApplicationNameMissing" | "InvalidRole" | "EventTypeAlreadyExist" | "EventTypeDoesNotExist" | "UnauthorizedWorkers" | "EventAlreadyIngested" | "EventInvalidPayloadContentType" | "EventInvalidBase64Payload" | "EventInvalidJsonPayload" | "LabelsAmbiguity" | "InvalidDateRange" | "AuthNoAuthorizationHeader" | "AuthInvalidAuthorizationHeader" | "AuthApplicationSecretLookupError" | "AuthInvalidApplicationSecret" | "AuthBiscuitLookupError" | "AuthInvalidBiscuit" | "AuthFailedLogin" | "AuthEmailNotVerified" | "AuthEmailAlreadyVerified" | "AuthFailedRefresh" | "AuthEmailExpired" | "TooManyMembersPerOrganization" | "TooManyApplicationsPerOrganization" | "TooManyEventsToday" | "TooManySubscriptionsPerApplication" | "TooManyEventTypesPerApplication" | "JsonPayload" | "Validation" | "NotFound" | "InternalServerError" | "Forbidden" | "RateLimited" | "ServiceUnavailable" | "Conflict" | "SecretRotationUnderWay";
            title: string;
            detail: string;
            status: number;
            validation: {
                [key: string]: unknown;
            } | null;
        };
        Health: {
            database: boolean;
            database_duration_ms: number | null;
            nats: boolean;
            nats_duration_ms: number | null;
            pulsar: boolean | null;
            pulsar_duration_ms: number | null;
            object_storage: boolean | null;
            object_storage_duration_ms: number | null;
            total_duration_ms: number;
            parts: {
                [key: string]: {
                    is_well: boolean;
                    detail: string | null;
                };
            };
        };
        InstanceConfig: {
            biscuit_public_key: string;
            registration_disabled: boolean;
            password_minimum_length: number;
            auto_db_migration: boolean;
            application_secret_compatibility: boolean;
            quota_enforcement: boolean;
            matomo: {
                url: string;
                site_id: number;
            } | null;
            formbricks: {
                api_host: string;
                environment_id: string;
            } | null;
            support_email_address: string;
            cloudflare_turnstile_site_key: string | null;
        };
        QuotasResponse: {
            enabled: boolean;
            limits: {
                global_members_per_organization_limit: number;
                global_applications_per_organization_limit: number;
                global_events_per_day_limit: number;
                global_days_of_events_retention_limit: number;
                global_subscriptions_per_application_limit: number;
                global_event_types_per_application_limit: number;
            };
        };
        EnvironmentVariable: {
            name: string;
            env_var: string;
            description: string | null;
            default: string | null;
            sensitive: boolean;
            required: boolean;
            group: string | null;
        };
        RegistrationPost: {
            first_name: string;
            last_name: string;
            email: string;
            password: string;
            turnstile_token?: string | null;
            gclid?: string | null;
            signup_channel?: string | null;
        };
        Registration: {
            organization_id: string;
            user_id: string;
        };
        LoginPost: {
            email: string;
            password: string;
        };
        LoginResponse: {
            access_token: string;
            access_token_expiration: string;
            refresh_token: string;
            refresh_token_expiration: string;
            user_id: string;
            email: string;
            first_name: string;
            last_name: string;
        };
        OneTimeCodePost: {
            code: string;
        };
        NewPasswordPost: {
            new_password: string;
        };
        TokenPost: {
            token: string;
        };
        EmailPost: {
            email: string;
        };
        ResetPasswordPost: {
            token: string;
            new_password: string;
        };
        DeleteUserPost: {
            password: string;
        };
        Organization: {
            organization_id: string;
            name: string;
            role: string;
            plan: {
                name: string;
                label: string;
            } | null;
        };
        OrganizationPost: {
            name: string;
        };
        OrganizationInfo: {
            organization_id: string;
            name: string;
            plan: {
                name: string;
                label: string;
            } | null;
            users: {
                user_id: string;
                email: string;
                first_name: string;
                last_name: string;
                role: string;
            }[];
            quotas: {
                members_per_organization_limit: number;
                applications_per_organization_limit: number;
                events_per_day_limit: number;
                days_of_events_retention_limit: number;
            };
            consumption: {
                members: number;
                applications: number;
                events_per_day: number;
            };
            onboarding_steps: {
                /** @enum {unknown} */
                application: "ToDo" | "Done";
                /** @enum {unknown} */
                event_type: "ToDo" | "Done";
                /** @enum {unknown} */
                subscription: "ToDo" | "Done";
                /** @enum {unknown} */
                event: "ToDo" | "Done";
            };
        };
        OrganizationQuotasPut: {
            members_per_organization_limit?: number | null;
            applications_per_organization_limit?: number | null;
            events_per_day_limit?: number | null;
            days_of_events_retention_limit?: number | null;
            subscriptions_per_application_limit?: number | null;
            event_types_per_application_limit?: number | null;
        };
        InvitePost: {
            email: string;
            role: string;
        };
        RevokePost: {
            user_id: string;
        };
        EditRolePost: {
            user_id: string;
            role: string;
        };
        Application: {
            application_id: string;
            organization_id: string;
            name: string;
            is_operational?: boolean;
        };
        ServiceToken: {
            token_id: string;
            name: string;
            biscuit: string;
            created_at: string;
        };
        ServiceTokenPost: {
            organization_id: string;
            name: string;
        };
        ApplicationPost: {
            organization_id: string;
            name: string;
        };
        ApplicationInfo: {
            application_id: string;
            organization_id: string;
            name: string;
            is_operational?: boolean;
            quotas: {
                events_per_day_limit: number;
                days_of_events_retention_limit: number;
            };
            consumption: {
                events_per_day: number;
            };
            onboarding_steps: {
                /** @enum {unknown} */
                event_type: "ToDo" | "Done";
                /** @enum {unknown} */
                subscription: "ToDo" | "Done";
                /** @enum {unknown} */
                event: "ToDo" | "Done";
            };
        };
        ApplicationQuotasPut: {
            events_per_day_limit?: number | null;
            days_of_events_retention_limit?: number | null;
            days_of_attempts_retention_limit?: number | null;
            days_of_dead_letters_retention_limit?: number | null;
        };
        ApplicationSecret: {
            name: string | null;
            token: string;
            created_at: string;
            deleted_at: string | null;
        };
        ApplicationSecretPost: {
            application_id: string;
            name?: string | null;
        };
        EventTypePost: {
            application_id: string;
            service: string;
            resource_type: string;
            verb: string;
            schema?: ({
                [key: string]: unknown;
            } | boolean) | null;
        };
        EventType: {
            service_name: string;
            resource_type_name: string;
            verb_name: string;
            event_type_name: string;
            schema?: {
                [key: string]: unknown;
            } | boolean;
            schema_version?: number;
        };
        RetryPolicy: {
            max_attempts?: number | null;
            schedule?: string[] | null;
            exponential?: {
                base: string;
                factor: number;
                cap: string;
            } | null;
            jitter_ratio?: number | null;
            permanent_statuses?: ("retry_all" | (number | string)[]) | null;
            retryable_statuses?: (number | string)[] | null;
            timeout_ms?: number | null;
        };
        DeliveryRateLimit: {
            requests: number;
            /** @enum {unknown} */
            per: "second" | "minute";
        };
        DeliveryOrdering: {
            /** @enum {unknown} */
            by: "subscription" | "label" | "field";
            label?: string | null;
            field?: string | null;
            /** @enum {unknown} */
            on_dead_letter?: "block" | "pass";
        };
        DeliveryHandshake: {
            request_rate?: number | null;
        };
        TargetTlsPost: {
            ca?: string | null;
            client_certificate?: string | null;
            client_key?: string | null;
        };
        SubscriptionPost: {
            application_id: string;
            is_enabled: boolean;
            event_types: string[];
            description?: string | null;
            metadata?: {
                [key: string]: string;
            } | null;
            label_key?: string | null;
            label_value?: string | null;
            labels?: {
                [key: string]: string;
            } | null;
            target: {
                /** @enum {string} */
                type: "http";
                method: string;
                url: string;
                headers: {
                    [key: string]: string | string[];
                };
            };
            dedicated_workers?: string[] | null;
            max_retries?: number | null;
            retry_policy?: components["schemas"]["RetryPolicy"] | null;
            filter?: {
                [key: string]: unknown;
            } | null;
            max_concurrency?: number | null;
            rate_limit?: components["schemas"]["DeliveryRateLimit"] | null;
            ordering?: components["schemas"]["DeliveryOrdering"] | null;
            handshake?: components["schemas"]["DeliveryHandshake"] | null;
            signatures?: string[] | null;
            tls?: components["schemas"]["TargetTlsPost"] | null;
        };
        DisabledBecause: {
            /** @enum {unknown} */
            reason: "failing" | "gone";
            since: string;
        };
        TargetTls: {
            ca: string | null;
            client_certificate: string | null;
        };
        Subscription: {
            application_id: string;
            subscription_id: string;
            is_enabled: boolean;
            event_types: string[];
            description: string | null;
            secret: string;
            metadata: {
                [key: string]: string;
            };
            label_key: string;
            label_value: string;
            labels: {
                [key: string]: string;
            };
            target: {
                /** @enum {string} */
                type: "http";
                method: string;
                url: string;
                headers: {
                    [key: string]: string;
                };
            };
            created_at: string;
            updated_at: string;
            dedicated_workers: string[];
            max_retries: number | null;
            retry_policy?: components["schemas"]["RetryPolicy"] | null;
            filter?: {
                [key: string]: unknown;
            } | null;
            max_concurrency?: number | null;
            rate_limit?: components["schemas"]["DeliveryRateLimit"] | null;
            ordering?: components["schemas"]["DeliveryOrdering"] | null;
            handshake?: components["schemas"]["DeliveryHandshake"] | null;
            paused_at?: string;
            drain_per_second?: number;
            disabled_because?: components["schemas"]["DisabledBecause"];
            signatures?: string[] | null;
            public_key?: string;
            tls?: components["schemas"]["TargetTls"] | null;
            warnings?: string[];
        };
        OfApplication: {
            application_id: string;
        };
        ResumeSubscription: {
            application_id: string;
            drain_per_second?: number | null;
        };
        BlockingDeadLetter: {
            delivery_id: string;
            event_id: string;
        };
        SubscriptionStatus: {
            subscription_id: string;
            paused_at: string | null;
            breaker: {
                /** @enum {unknown} */
                state: "closed" | "open";
                since: string | null;
                reason: ("failures" | "time-outs") | null;
            };
            held_until: string | null;
            failing_since: string | null;
            backlog: {
                parked: number;
                scheduled: number;
            };
            handshake: {
                /** @enum {unknown} */
                state: "pending" | "granted" | "refused";
                rate_per_minute: number | null;
                reason: string | null;
                retry_at: string | null;
            } | null;
            blocked_by: components["schemas"]["BlockingDeadLetter"][];
        };
        TestDelivery: {
            application_id: string;
            event_type?: string | null;
            payload?: string | null;
            payload_content_type?: string | null;
        };
        TestDeliveryResult: {
            /** @enum {unknown} */
            outcome: "success" | "failed" | "timeout";
            status_code: number | null;
            headers: {
                [key: string]: string;
            } | null;
            body: string | null;
            is_body_cut: boolean;
            duration_ms: number;
            error_name: string | null;
            error_message: string | null;
        };
        SubscriptionSecret: {
            subscription_id: string;
            secret: string;
            webhook_secret: string | null;
            public_key: string | null;
            rotated_at: string | null;
            previous: {
                secret: string;
                webhook_secret: string | null;
                public_key: string | null;
                expires_at: string;
            } | null;
        };
        SecretRotation: {
            application_id: string;
            grace_period?: string | null;
        };
        FilterTrial: {
            application_id: string;
            filter: {
                [key: string]: unknown;
            };
            event_types?: string[] | null;
            last?: number | null;
        };
        EventPost: {
            application_id: string;
            event_id?: string | null;
            event_type: string;
            payload: string;
            payload_content_type: string;
            metadata?: {
                [key: string]: string;
            } | null;
            occurred_at: string;
            labels: {
                [key: string]: string;
            };
            deliver_at?: string | null;
            delay_ms?: number | null;
        };
        IngestedEvent: {
            application_id: string;
            event_id: string;
            received_at: string;
        };
        EventBatchPost: {
            application_id: string;
            events: {
                event_id?: string | null;
                event_type: string;
                payload: string;
                payload_content_type: string;
                metadata?: {
                    [key: string]: string;
                } | null;
                occurred_at: string;
                labels: {
                    [key: string]: string;
                };
                deliver_at?: string | null;
                delay_ms?: number | null;
            }[];
        };
        EventDeliveries: {
            pending: number;
            succeeded: number;
            dead_lettered: number;
            cancelled: number;
        };
        Event: {
            event_id: string;
            event_type_name: string;
            payload_content_type: string;
            ip: string;
            metadata: {
                [key: string]: string;
            };
            occurred_at: string;
            received_at: string;
            labels: {
                [key: string]: string;
            };
            deliver_at?: string;
            deliveries?: components["schemas"]["EventDeliveries"];
        };
        EventWithPayload: {
            event_id: string;
            event_type_name: string;
            payload_content_type: string;
            ip: string;
            metadata: {
                [key: string]: string;
            };
            occurred_at: string;
            received_at: string;
            labels: {
                [key: string]: string;
            };
            deliver_at?: string;
            deliveries?: components["schemas"]["EventDeliveries"];
            payload: string;
            client_name?: string;
        };
        ReplayEvent: {
            application_id: string;
        };
        EventsPerDayEntry: {
            application_id: string;
            application_name: string;
            date: string;
            amount: number;
            is_provisional: boolean;
        };
        RequestAttempt: {
            request_attempt_id: string;
            event_id: string;
            event: {
                event_id: string;
                event_type_name: string;
            };
            subscription: {
                subscription_id: string;
                description: string | null;
            };
            created_at: string;
            picked_at: string | null;
            failed_at: string | null;
            succeeded_at: string | null;
            delay_until: string | null;
            response_id: string | null;
            retry_count: number;
            http_response_status: number | null;
            status: {
                /** @enum {unknown} */
                type: "waiting" | "pending" | "in_progress" | "successful" | "failed";
                since?: string;
                until?: string;
                at?: string;
                full_processing_ms?: number;
            };
            attempt_number: number;
            status_code: number | null;
            error_message: string | null;
            duration_ms: number | null;
            outcome: string | null;
            delivery_id: string;
            next_attempt_at: string | null;
            replay_id: string | null;
            redrive_of: string | null;
        };
        SentRequest: {
            event_id: string;
            method: string;
            url: string;
            headers: {
                [key: string]: string;
            };
            is_as_sent: boolean;
        };
        Response: {
            response_id: string;
            response_error_name: string | null;
            http_code: number | null;
            headers: {
                [key: string]: string;
            } | null;
            body: string | null;
            elapsed_time_ms: number | null;
            is_body_cut: boolean;
        };
        AuditEntry: {
            audit_id: string;
            at: string;
            actor: {
                kind: string;
                id: string;
                name: string | null;
            };
            /** @enum {unknown} */
            action: "created" | "updated" | "deleted" | "revealed" | "replayed" | "withdrawn" | "cancelled" | "skipped";
            resource: {
                kind: string;
                id: string;
                application_id: string | null;
            };
            changes: {
                field: string;
                before: unknown;
                after: unknown;
            }[];
            state: {
                [key: string]: unknown;
            };
        };
        DeadLetter: {
            delivery_id: string;
            application_id: string;
            event: {
                event_id: string;
                event_type_name: string;
            };
            subscription: {
                subscription_id: string;
                description: string | null;
            };
            /** @enum {unknown} */
            cause: "permanent" | "retries_spent" | "refused_address" | "invalid_header" | "event_expired" | "cancelled";
            status_code: number | null;
            error_name: string | null;
            error_message: string | null;
            attempt_count: number;
            last_attempt_id: string | null;
            response_id: string | null;
            dead_at: string;
            expires_at: string | null;
            redrive_of: string | null;
            replay_id: string | null;
            resolution: {
                /** @enum {unknown} */
                type: "redriven" | "discarded";
                at: string;
                by: {
                    kind: string;
                    id: string;
                };
                job_id: string;
                reason: string | null;
                redriven_as: string | null;
            } | null;
        };
        DeadLetterGroup: {
            subscription: {
                subscription_id: string;
                description: string | null;
            };
            /** @enum {unknown} */
            cause: "permanent" | "retries_spent" | "refused_address" | "invalid_header" | "event_expired" | "cancelled";
            status_code: number | null;
            error_name: string | null;
            error: string | null;
            count: number;
            first_dead_at: string;
            last_dead_at: string;
            sample: {
                delivery_id: string;
                event_id: string;
                error_message: string | null;
            };
            trend: number[];
        };
        DeadLetterDetail: {
            delivery_id: string;
            application_id: string;
            event: {
                event_id: string;
                event_type_name: string;
            };
            subscription: {
                subscription_id: string;
                description: string | null;
            };
            /** @enum {unknown} */
            cause: "permanent" | "retries_spent" | "refused_address" | "invalid_header" | "event_expired" | "cancelled";
            status_code: number | null;
            error_name: string | null;
            error_message: string | null;
            attempt_count: number;
            last_attempt_id: string | null;
            response_id: string | null;
            dead_at: string;
            expires_at: string | null;
            redrive_of: string | null;
            replay_id: string | null;
            resolution: {
                /** @enum {unknown} */
                type: "redriven" | "discarded";
                at: string;
                by: {
                    kind: string;
                    id: string;
                };
                job_id: string;
                reason: string | null;
                redriven_as: string | null;
            } | null;
            last_response: components["schemas"]["Response"] | null;
            attempts: components["schemas"]["RequestAttempt"][];
            series: string[];
        };
        DeadLetterFilter: {
            subscription_ids?: string[];
            event_types?: string[];
            event_id?: string;
            causes?: ("permanent" | "retries_spent" | "refused_address" | "invalid_header" | "event_expired" | "cancelled")[];
            status_codes?: number[];
            error?: string;
            labels?: {
                [key: string]: string;
            };
            min_dead_at?: string;
            max_dead_at?: string;
        };
        RedrivePost: {
            application_id: string;
            filter?: components["schemas"]["DeadLetterFilter"];
            delivery_ids?: string[];
            confirm?: boolean;
            rate_per_second?: number;
        };
        Job: {
            job_id: string;
            /** @enum {unknown} */
            kind: "redrive" | "discard" | "replay";
            application_id: string;
            /** @enum {unknown} */
            target?: "nats";
            subject?: string;
            /** @enum {unknown} */
            status: "previewing" | "preview" | "running" | "paused" | "cancelled" | "done" | "failed";
            rate_per_second: number;
            reason: string | null;
            selection: {
                [key: string]: unknown;
            };
            preview: {
                count: number;
                events?: number;
                subscriptions: {
                    subscription_id: string;
                    count: number;
                }[];
                subscription_count: number;
                oldest_at: string | null;
                payload_bytes: number;
            } | null;
            progress: {
                done: number;
                succeeded: number | null;
                failed_again: number | null;
                cancelled: number | null;
                under_way: number | null;
                refused: {
                    reason: string;
                    count: number;
                }[];
                left: number | null;
                eta: string | null;
            };
            error: string | null;
            created_at: string;
            created_by: {
                kind: string;
                id: string;
            };
            confirmed_at: string | null;
            ended_at: string | null;
        };
        DiscardPost: {
            application_id: string;
            filter?: components["schemas"]["DeadLetterFilter"];
            delivery_ids?: string[];
            confirm?: boolean;
            reason: string;
        };
        ReplayPost: {
            application_id: string;
            received_from?: string;
            received_to?: string;
            from_seq?: number;
            to_seq?: number;
            event_types?: string[];
            labels?: {
                [key: string]: string;
            };
            /** @enum {unknown} */
            target?: "subscriptions" | "nats";
            subscription_ids?: string[];
            only_undelivered?: boolean;
            rate_per_second?: number;
            confirm?: boolean;
        };
        JobControl: {
            application_id: string;
            rate_per_second?: number;
        };
        TimelineDelivery: {
            delivery_id: string;
            /** @enum {unknown} */
            status: "pending" | "succeeded" | "dead_lettered" | "cancelled";
            created_at: string;
            finished_at: string | null;
            next_attempt_at: string | null;
            replay_id: string | null;
            redrive_of: string | null;
            job_id: string | null;
            attempts: components["schemas"]["RequestAttempt"][];
        };
        Timeline: {
            event: components["schemas"]["Event"];
            stream_seq: number;
            /** @enum {unknown} */
            status: "waiting" | "withdrawn" | "not_matched_yet" | "unmatched" | "matched";
            is_kept: boolean;
            subscriptions: {
                subscription_id: string;
                description: string | null;
                is_matched: boolean;
                why_not: {
                    code: string;
                    detail: string;
                } | null;
                deliveries: components["schemas"]["TimelineDelivery"][];
            }[];
        };
        Rejection: {
            rejection_id: string;
            application_id: string;
            event_id: string | null;
            event_type_name: string | null;
            problem: {
                id: string;
                status: number;
                detail: string;
            };
            published_at: string;
            rejected_at: string;
        };
        OverviewBucket: {
            at: string;
            events: number;
            attempts: number;
            succeeded: number;
            failed: number;
            dead: number;
            p50_ms: number | null;
            p95_ms: number | null;
        };
        OverviewTotals: {
            events: number;
            attempts: number;
            succeeded: number;
            failed: number;
            dead_letters: number;
            success_rate: number | null;
            p50_ms: number | null;
            p95_ms: number | null;
            p50_delivery_ms: number | null;
            p95_delivery_ms: number | null;
        };
        OldestWaiting: {
            event_id: string;
            delivery_id: string;
            subscription_id: string;
            due_at: string | null;
            accepted_at: string;
        };
        WorstEndpoint: {
            subscription_id: string;
            description: string | null;
            url: string;
            attempts: number;
            error_rate: number;
            p95_ms: number | null;
            /** @enum {unknown} */
            breaker: "closed" | "open";
            waiting: number;
            is_paused: boolean;
        };
        ForecastStep: {
            at: string;
            retries: number;
        };
        CauseCount: {
            cause: string;
            count: number;
        };
        Overview: {
            from: string;
            to: string;
            bucket_seconds: number;
            as_of: string | null;
            buckets: components["schemas"]["OverviewBucket"][];
            totals: components["schemas"]["OverviewTotals"];
            oldest_waiting: components["schemas"]["OldestWaiting"] | null;
            worst_endpoints: components["schemas"]["WorstEndpoint"][];
            forecast: components["schemas"]["ForecastStep"][];
            dead_letters_by_cause: components["schemas"]["CauseCount"][];
        };
        SparkHour: {
            at: string;
            succeeded: number;
            failed: number;
        };
        SubscriptionHealth: {
            subscription_id: string;
            spark: components["schemas"]["SparkHour"][];
            error_rate: number | null;
            p95_ms: number | null;
            /** @enum {unknown} */
            breaker: "closed" | "open";
            waiting: number;
            parked: number | null;
            is_paused: boolean;
            last_success_at: string | null;
            last_failure_at: string | null;
        };
        UsageMeter: {
            used: number;
            limit: number | null;
        };
        UsageDay: {
            date: string;
            events: number;
        };
        ApplicationUsage: {
            application_id: string;
            name: string;
            events_today: number;
        };
        ApplicationsUsage: {
            used: number;
            limit: number | null;
            items: components["schemas"]["ApplicationUsage"][];
        };
        Usage: {
            is_enforced: boolean;
            events_today: components["schemas"]["UsageMeter"];
            events_this_month: number;
            days: components["schemas"]["UsageDay"][];
            days_of_events_retention: number | null;
            members?: components["schemas"]["UsageMeter"];
            applications?: components["schemas"]["ApplicationsUsage"];
            subscriptions?: components["schemas"]["UsageMeter"];
            event_types?: components["schemas"]["UsageMeter"];
        };
        LiveRow: {
            at: string;
            event_id: string;
            event_type: string;
            delivery_id?: string;
            subscription_id?: string;
            attempt_number?: number;
            /** @enum {unknown} */
            outcome?: "success" | "failed" | "timeout";
            status_code?: number | null;
            duration_ms?: number;
            error?: string | null;
            cause?: string;
        };
        SearchHit: {
            /** @enum {unknown} */
            kind: "event" | "event_type" | "subscription" | "attempt" | "delivery" | "dead_letter";
            id: string;
            event_id?: string;
            subscription_id?: string;
            title: string;
            detail: string;
            at?: string;
        };
        SearchAnswer: {
            hits: components["schemas"]["SearchHit"][];
            is_partial: boolean;
            looked_back_to: string | null;
        };
        SystemPart: {
            name: string;
            /** @enum {unknown} */
            status: "ok" | "warn" | "bad";
            says: string | null;
            remedy: string | null;
        };
        SystemStream: {
            name: string;
            messages: number;
            bytes: number;
            max_bytes: number | null;
            first_at: string | null;
            last_at: string | null;
            /** @enum {unknown} */
            status: "ok" | "warn" | "bad";
            remedy: string | null;
        };
        SystemConsumer: {
            stream: string;
            name: string;
            pending: number;
            ack_pending: number;
        };
        SystemRebuild: {
            /** @enum {unknown} */
            state: "running" | "stopped";
            done: number;
            total: number;
        };
        SystemProjection: {
            name: string;
            stream: string;
            checkpoint: number | null;
            lag: number | null;
            /** @enum {unknown} */
            status: "ok" | "warn" | "bad";
            remedy: string | null;
            rebuild: components["schemas"]["SystemRebuild"] | null;
        };
        SystemLane: {
            lane: number;
            owner: string | null;
            waiting: number | null;
            /** @enum {unknown} */
            status: "ok" | "warn" | "bad";
        };
        SystemReconciler: {
            /** @enum {unknown} */
            status: "ok" | "warn" | "bad";
            brought_back: number;
        };
        SystemDisk: {
            path: string;
            free_bytes: number;
            total_bytes: number;
            /** @enum {unknown} */
            status: "ok" | "warn" | "bad";
            remedy: string | null;
        };
        System: {
            version: string;
            node_version: string;
            started_at: string;
            /** @enum {unknown} */
            status: "ok" | "warn" | "bad";
            parts: components["schemas"]["SystemPart"][];
            streams: components["schemas"]["SystemStream"][];
            consumers: components["schemas"]["SystemConsumer"][];
            projections: components["schemas"]["SystemProjection"][];
            lanes: components["schemas"]["SystemLane"][];
            reconciler: components["schemas"]["SystemReconciler"] | null;
            disk: components["schemas"]["SystemDisk"] | null;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    "errors.list": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"][];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "payload_content_types.list": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": string[];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "health.get": {
        parameters: {
            query?: {
                key?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "instance.get": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InstanceConfig"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "quotas.get": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QuotasResponse"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "environmentVariables.list": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EnvironmentVariable"][];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    register: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RegistrationPost"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Registration"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "auth.login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LoginPost"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoginResponse"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "auth.oneTime": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OneTimeCodePost"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoginResponse"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "auth.refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoginResponse"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "auth.logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "auth.changePassword": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewPasswordPost"];
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "auth.verifyEmail": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TokenPost"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoginResponse"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "auth.resendVerificationEmail": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EmailPost"];
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "auth.beginResetPassword": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EmailPost"];
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "auth.resetPassword": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ResetPasswordPost"];
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "auth.deleteUser": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeleteUserPost"];
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "emailPreferences.unsubscribeReactivation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TokenPost"];
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "organizations.list": {
        parameters: {
            query?: {
                limit?: number;
                pagination_cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Organization"][];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "organizations.create": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OrganizationPost"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrganizationInfo"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "organizations.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                organization_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrganizationInfo"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "organizations.edit": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                organization_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OrganizationPost"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrganizationInfo"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "organizations.delete": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                organization_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "organizations.editQuotas": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                organization_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OrganizationQuotasPut"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrganizationInfo"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "organizations.editRole": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                organization_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EditRolePost"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EditRolePost"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "organizations.invite": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                organization_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["InvitePost"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InvitePost"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "organizations.revoke": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                organization_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RevokePost"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RevokePost"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "applications.createOperational": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                organization_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Application"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "serviceToken.list": {
        parameters: {
            query: {
                organization_id: string;
                limit?: number;
                pagination_cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServiceToken"][];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "serviceToken.create": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ServiceTokenPost"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServiceToken"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "serviceToken.get": {
        parameters: {
            query: {
                organization_id: string;
            };
            header?: never;
            path: {
                service_token_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServiceToken"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "serviceToken.edit": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                service_token_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ServiceTokenPost"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServiceToken"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "serviceToken.delete": {
        parameters: {
            query: {
                organization_id: string;
            };
            header?: never;
            path: {
                service_token_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "applications.list": {
        parameters: {
            query: {
                organization_id: string;
                limit?: number;
                pagination_cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Application"][];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "applications.create": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ApplicationPost"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Application"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "applications.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                application_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApplicationInfo"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "applications.update": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                application_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ApplicationPost"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Application"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "applications.delete": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                application_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "applications.editQuotas": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                application_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ApplicationQuotasPut"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApplicationInfo"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "applicationSecrets.read": {
        parameters: {
            query: {
                application_id: string;
                limit?: number;
                pagination_cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApplicationSecret"][];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "applicationSecrets.create": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ApplicationSecretPost"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApplicationSecret"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "applicationSecrets.deleteByQuery": {
        parameters: {
            query: {
                application_id: string;
                token: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "applicationSecrets.update": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                application_secret_token: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ApplicationSecretPost"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApplicationSecret"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "applicationSecrets.delete": {
        parameters: {
            query: {
                application_id: string;
            };
            header?: never;
            path: {
                application_secret_token: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "eventTypes.list": {
        parameters: {
            query: {
                application_id: string;
                limit?: number;
                pagination_cursor?: string;
                prefix?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventType"][];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "eventTypes.create": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EventTypePost"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventType"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "eventTypes.get": {
        parameters: {
            query: {
                application_id: string;
            };
            header?: never;
            path: {
                event_type_name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventType"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "eventTypes.delete": {
        parameters: {
            query: {
                application_id: string;
            };
            header?: never;
            path: {
                event_type_name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "subscriptions.list": {
        parameters: {
            query: {
                application_id: string;
                limit?: number;
                pagination_cursor?: string;
                event_type?: string;
                is_enabled?: "true" | "false";
                label?: string | string[];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Subscription"][];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "subscriptions.create": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SubscriptionPost"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Subscription"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "subscriptions.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                subscription_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Subscription"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "subscriptions.update": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                subscription_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SubscriptionPost"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Subscription"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "subscriptions.delete": {
        parameters: {
            query: {
                application_id: string;
            };
            header?: never;
            path: {
                subscription_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "subscriptions.pause": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                subscription_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OfApplication"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Subscription"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "subscriptions.resume": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                subscription_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ResumeSubscription"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Subscription"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "subscriptions.status": {
        parameters: {
            query: {
                application_id: string;
            };
            header?: never;
            path: {
                subscription_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SubscriptionStatus"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "subscriptions.cancelDeliveries": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                subscription_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OfApplication"];
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "subscriptions.test": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                subscription_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TestDelivery"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TestDeliveryResult"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "subscriptionSecret.reveal": {
        parameters: {
            query: {
                application_id: string;
            };
            header?: never;
            path: {
                subscription_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SubscriptionSecret"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "subscriptionSecret.rotate": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                subscription_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SecretRotation"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SubscriptionSecret"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "subscriptionSecret.endPrevious": {
        parameters: {
            query: {
                application_id: string;
            };
            header?: never;
            path: {
                subscription_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "filters.try": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FilterTrial"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        event_id: string;
                        event_type_name: string;
                        received_at: string;
                        matches: boolean;
                        reason: string | null;
                    }[];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "events.ingest": {
        parameters: {
            query?: {
                application_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EventPost"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IngestedEvent"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "events.ingestBatch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EventBatchPost"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        status: number;
                        event?: components["schemas"]["IngestedEvent"];
                        problem?: {
                            [key: string]: unknown;
                        };
                    }[];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "events.list": {
        parameters: {
            query: {
                application_id: string;
                limit?: number;
                pagination_cursor?: string;
                event_types?: string;
                label?: string | string[];
                min_received_at?: string;
                max_received_at?: string;
                status?: "waiting" | "withdrawn" | "unmatched" | "pending" | "succeeded" | "dead_lettered" | "cancelled";
                include?: "deliveries";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Event"][];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "events.get": {
        parameters: {
            query: {
                application_id: string;
            };
            header?: never;
            path: {
                event_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventWithPayload"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "events.replay": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                event_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReplayEvent"];
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "events.cancel": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                event_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReplayEvent"];
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "deliveries.cancel": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                delivery_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OfApplication"];
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "events.cancelDeliveries": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                event_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OfApplication"];
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "deliveries.skip": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                delivery_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OfApplication"];
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "events_per_day.list_for_application": {
        parameters: {
            query: {
                application_id: string;
                from?: string;
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventsPerDayEntry"][];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "events_per_day.list_for_organization": {
        parameters: {
            query: {
                organization_id: string;
                from?: string;
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventsPerDayEntry"][];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "requestAttempts.read": {
        parameters: {
            query: {
                application_id: string;
                event_id?: string;
                subscription_id?: string;
                pagination_cursor?: string;
                min_created_at?: string;
                max_created_at?: string;
                "event.event_type_names"?: string;
                limit?: number;
                outcome?: "open" | "success" | "failed" | "timeout" | "cancelled";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RequestAttempt"][];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "requestAttempts.get": {
        parameters: {
            query?: {
                application_id?: string;
            };
            header?: never;
            path: {
                request_attempt_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RequestAttempt"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "requestAttempts.request": {
        parameters: {
            query: {
                application_id: string;
            };
            header?: never;
            path: {
                request_attempt_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SentRequest"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "response.get": {
        parameters: {
            query?: {
                application_id?: string;
            };
            header?: never;
            path: {
                response_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Response"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "audit.list": {
        parameters: {
            query: {
                organization_id: string;
                application_id?: string;
                resource_kind?: string;
                resource_id?: string;
                actor_id?: string;
                action?: "created" | "updated" | "deleted" | "revealed" | "replayed" | "withdrawn" | "cancelled" | "skipped";
                min_at?: string;
                max_at?: string;
                limit?: number;
                pagination_cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditEntry"][];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "deadLetters.list": {
        parameters: {
            query: {
                application_id: string;
                subscription_id?: string;
                event_id?: string;
                event_types?: string;
                cause?: string;
                status_code?: string;
                error?: string;
                label?: string | string[];
                min_dead_at?: string;
                max_dead_at?: string;
                status?: "open" | "redriven" | "discarded" | "all";
                limit?: number;
                pagination_cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeadLetter"][];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "deadLetters.groups": {
        parameters: {
            query: {
                application_id: string;
                subscription_id?: string;
                event_id?: string;
                event_types?: string;
                cause?: string;
                status_code?: string;
                error?: string;
                label?: string | string[];
                min_dead_at?: string;
                max_dead_at?: string;
                status?: "open" | "redriven" | "discarded" | "all";
                limit?: number;
                pagination_cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeadLetterGroup"][];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "deadLetters.get": {
        parameters: {
            query: {
                application_id: string;
            };
            header?: never;
            path: {
                delivery_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeadLetterDetail"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "redrives.list": {
        parameters: {
            query: {
                application_id: string;
                limit?: number;
                pagination_cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"][];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "redrives.create": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RedrivePost"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "discards.list": {
        parameters: {
            query: {
                application_id: string;
                limit?: number;
                pagination_cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"][];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "discards.create": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DiscardPost"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "replays.list": {
        parameters: {
            query: {
                application_id: string;
                limit?: number;
                pagination_cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"][];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "replays.create": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReplayPost"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "deadLetters.redrive": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                delivery_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    application_id: string;
                };
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "deadLetters.discard": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                delivery_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    application_id: string;
                    reason: string;
                };
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "redrives.get": {
        parameters: {
            query: {
                application_id: string;
            };
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "redrives.control": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
                action: "confirm" | "pause" | "resume" | "cancel";
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["JobControl"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "discards.get": {
        parameters: {
            query: {
                application_id: string;
            };
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "discards.control": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
                action: "confirm" | "pause" | "resume" | "cancel";
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["JobControl"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "replays.get": {
        parameters: {
            query: {
                application_id: string;
            };
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "replays.control": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
                action: "confirm" | "pause" | "resume" | "cancel";
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["JobControl"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "events.timeline": {
        parameters: {
            query: {
                application_id: string;
            };
            header?: never;
            path: {
                event_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Timeline"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "rejections.list": {
        parameters: {
            query: {
                application_id: string;
                event_id?: string;
                event_types?: string;
                problem_id?: string;
                min_rejected_at?: string;
                max_rejected_at?: string;
                limit?: number;
                pagination_cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Rejection"][];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "overview.get": {
        parameters: {
            query: {
                application_id: string;
                from?: string;
                to?: string;
                buckets?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Overview"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "subscriptions.health": {
        parameters: {
            query: {
                application_id: string;
                subscription_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SubscriptionHealth"][];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "usage.application": {
        parameters: {
            query: {
                application_id: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Usage"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "usage.organization": {
        parameters: {
            query: {
                organization_id: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Usage"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "live.follow": {
        parameters: {
            query: {
                application_id: string;
                event_type?: string;
                subscription_id?: string;
                kinds?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["LiveRow"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "search.get": {
        parameters: {
            query: {
                application_id: string;
                q: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SearchAnswer"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    "system.get": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["System"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
