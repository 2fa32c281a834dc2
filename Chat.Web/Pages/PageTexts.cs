using System.Globalization;
using System.Resources;
using Chat.Contracts;

namespace Chat.Web.Pages;

/// <summary>Every text of the pages that render on the server, from <c>PageTexts.resx</c>: English.</summary>
internal static class PageTexts
{
    // Before the texts: they are read in this order.
    private static readonly ResourceManager Manager = new("Chat.Web.Pages.PageTexts", typeof(PageTexts).Assembly);

    public static string AppName { get; } = Text(nameof(AppName));
    public static string SignIn { get; } = Text(nameof(SignIn));
    public static string SignUp { get; } = Text(nameof(SignUp));
    public static string SignedOut { get; } = Text(nameof(SignedOut));
    public static string SignedOutText { get; } = Text(nameof(SignedOutText));
    public static string Username { get; } = Text(nameof(Username));
    public static string Password { get; } = Text(nameof(Password));
    public static string HaveAccount { get; } = Text(nameof(HaveAccount));
    public static string NoAccount { get; } = Text(nameof(NoAccount));
    public static string NeedsScript { get; } = Text(nameof(NeedsScript));
    public static string NothingHere { get; } = Text(nameof(NothingHere));
    public static string NothingHereText { get; } = Text(nameof(NothingHereText));
    public static string BackToChat { get; } = Text(nameof(BackToChat));
    public static string FormTooOld { get; } = Text(nameof(FormTooOld));
    public static string FormTooOldText { get; } = Text(nameof(FormTooOldText));
    public static string NotNow { get; } = Text(nameof(NotNow));
    public static string FailedText { get; } = Text(nameof(FailedText));
    public static string TryAgain { get; } = Text(nameof(TryAgain));

    public static string UsernameHint { get; } = Format(nameof(UsernameHint), Limits.UsernameMin, Limits.UsernameMax);

    public static string PasswordHint { get; } = Format(nameof(PasswordHint), Limits.PasswordMin);

    public static string Problem(string code) => code switch
    {
        ErrorCodes.UsernameTaken => Text("Problem_UsernameTaken"),
        ErrorCodes.InvalidUsername => Format("Problem_InvalidUsername", Limits.UsernameMin, Limits.UsernameMax),
        ErrorCodes.WeakPassword => Format("Problem_WeakPassword", Limits.PasswordMin, Limits.PasswordMax),
        ErrorCodes.InvalidCredentials => Text("Problem_InvalidCredentials"),
        ErrorCodes.TooManyAttempts => Text("Problem_TooManyAttempts"),
        ErrorCodes.Unavailable => Text("Problem_Unavailable"),
        _ => Text("Problem_other"),
    };

    private static string Text(string name) => Manager.GetString(name, CultureInfo.CurrentUICulture) ?? throw new MissingManifestResourceException(name);

    private static string Format(string name, params object[] values) => string.Format(CultureInfo.CurrentCulture, Text(name), values);
}
