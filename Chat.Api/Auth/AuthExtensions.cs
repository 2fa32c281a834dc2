using Chat.Api.Authority;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Chat.Api.Auth;

public static class AuthExtensions
{
    public const string CookieName = "chat-session";

    // OWASP Password Storage Cheat Sheet, PBKDF2-HMAC-SHA512; hashes with fewer are renewed when their owner signs in.
    private const int PasswordIterations = 220_000;

    public static IHostApplicationBuilder AddChatAuth(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddMemoryCache(o => o.SizeLimit = 200_000);
        services.AddSingleton<AuthorityCopies>();
        services.AddSingleton<UserAccounts>();
        services.AddSingleton<Sessions>();
        services.AddHostedService(s => s.GetRequiredService<Sessions>());
        services.AddSingleton<SignInThrottle>();
        services.AddSingleton<DeviceCookie>();
        services.AddScoped<SignIn>();

        services.AddIdentityCore<Account>(o => o.User.AllowedUserNameCharacters = "abcdefghijklmnopqrstuvwxyz0123456789._-")
            .AddUserStore<AccountStore>();
        services.RemoveAll<IPasswordValidator<Account>>().AddScoped<IPasswordValidator<Account>, PasswordRules>();
        services.Configure<PasswordHasherOptions>(o => o.IterationCount = PasswordIterations);

        services.AddSingleton<SessionTickets>();
        services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme).AddCookie();
        services.AddSingleton<IConfigureOptions<CookieAuthenticationOptions>>(s => new ConfigureNamedOptions<CookieAuthenticationOptions>(
            CookieAuthenticationDefaults.AuthenticationScheme, o => Configure(o, s.GetRequiredService<SessionTickets>())));
        services.AddAuthorization();
        services.AddOptions<OriginOptions>().BindConfiguration(OriginOptions.Section);
        return builder;
    }

    private static void Configure(CookieAuthenticationOptions options, SessionTickets tickets)
    {
        options.SessionStore = tickets;
        options.ExpireTimeSpan = Sessions.Lifetime;
        options.SlidingExpiration = false;
        options.Cookie.Name = CookieName;
        options.Cookie.HttpOnly = true;
        options.Cookie.SameSite = SameSiteMode.Lax;
        options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        // The session decides when it is over; the cookie lasts as long as browsers let it.
        options.Cookie.MaxAge = TimeSpan.FromDays(400);
        // The status-code pages write the ProblemDetails.
        options.Events.OnRedirectToLogin = context => Status(context, StatusCodes.Status401Unauthorized);
        options.Events.OnRedirectToAccessDenied = context => Status(context, StatusCodes.Status403Forbidden);
    }

    private static Task Status(Microsoft.AspNetCore.Authentication.RedirectContext<CookieAuthenticationOptions> context, int status)
    {
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    }
}
